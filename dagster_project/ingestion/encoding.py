"""Which encoding a text file has, and turning any other encoding into UTF-8 in a streaming way.

DuckDB's own `encodings` extension fails on the four-byte characters of GB18030, so the recoding
is done here.
"""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from dagster_project.ingestion.refusal import RefusedFile

CHUNK_BYTES = 1 << 20
SAMPLE_BYTES = 1 << 20

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def detect_encoding(path: Path) -> str:
    """`utf-8`, `utf-8-sig`, `utf-16`, `utf-16-le`, `utf-16-be` or `gb18030`, from the first MB."""
    with path.open("rb") as file:
        sample = file.read(SAMPLE_BYTES)
    for bom, name in _BOMS:
        if sample.startswith(bom):
            return name
    # Only UTF-16 is full of zero bytes: delimiters, digits and line ends all have one. A single
    # one is dirt.
    if sample.count(0) > len(sample) // 50:
        return "utf-16-le" if sample[1::2].count(0) >= sample[0::2].count(0) else "utf-16-be"
    return "utf-8" if first_bad_byte(path, "utf-8", limit=SAMPLE_BYTES) is None else "gb18030"


def first_bad_byte(path: Path, encoding: str, limit: int | None = None) -> int | None:
    """0-based position of the first byte that is not `encoding`; None when all is well.

    With `limit` only that many bytes are looked at, and a character cut off at the limit is well.
    """
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    position = 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            pending = len(decoder.getstate()[0])
            at_limit = limit is not None and position + len(chunk) >= limit
            try:
                decoder.decode(chunk, final=False)
            except UnicodeDecodeError as error:
                return position - pending + error.start
            position += len(chunk)
            if at_limit:
                return None
    pending = len(decoder.getstate()[0])
    return position - pending if pending else None


def recode_to_utf8(path: Path, encoding: str, target: Path) -> Path:
    """Write `path` as UTF-8 to `target`, a megabyte at a time.

    Raises:
        RefusedFile: a byte is not valid in `encoding`.
    """
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    with path.open("rb") as source, target.open("wb") as sink:
        try:
            while chunk := source.read(CHUNK_BYTES):
                sink.write(decoder.decode(chunk).encode("utf-8"))
            sink.write(decoder.decode(b"", final=True).encode("utf-8"))
        except UnicodeError as error:
            raise broken_encoding(path, encoding) from error
    return target


def broken_encoding(path: Path, encoding: str) -> RefusedFile:
    """The refusal of a file whose bytes are no text, naming the first bad byte (1-based)."""
    position = (first_bad_byte(path, encoding) or 0) + 1
    return RefusedFile(
        "broken_encoding",
        f"文件编码已损坏：第 {position} 个字节不是有效的文字（按 {encoding} 读取）。"
        "请从后台重新导出，或另存为 xlsx 后再放入。",
        f"The file's text encoding is broken: byte {position} is not valid text (read as "
        f"{encoding}). Export it again, or save it as xlsx and drop it again.",
    )


def unify_newlines(path: Path, target: Path) -> Path:
    """Copy `path` to `target` with every CR LF as LF: DuckDB refuses a file that mixes the two."""
    held = b""
    with path.open("rb") as source, target.open("wb") as sink:
        while chunk := source.read(CHUNK_BYTES):
            block = held + chunk
            held = b"\r" if block.endswith(b"\r") else b""  # its LF may open the next chunk
            sink.write(block[: len(block) - len(held)].replace(b"\r\n", b"\n"))
        sink.write(held)
    return target


_OUTER_SPACES = re.compile(rb"(?<![^\r\n])[ \t]+|[ \t]+(?![^\r\n])")
_QUOTED_OR_SPACES = re.compile(rb'("(?:[^"\r\n]|"")*")|[ \t]+')


def spaces_to_tabs(lines: bytes) -> bytes:
    """Whole lines with one tab for each run of spaces between fields and none at the ends."""
    lines = _OUTER_SPACES.sub(b"", lines)
    if b'"' not in lines:
        return re.sub(rb"[ \t]+", b"\t", lines)
    return _QUOTED_OR_SPACES.sub(lambda match: match[1] or b"\t", lines)


def tabs_for_spaces(path: Path, target: Path) -> Path:
    """Copy a UTF-8 file to `target` with one tab for each run of spaces between fields."""
    held = b""
    with path.open("rb") as source, target.open("wb") as sink:
        while chunk := source.read(CHUNK_BYTES):
            block = held + chunk
            end = max(block.rfind(b"\n"), block.rfind(b"\r")) + 1
            sink.write(spaces_to_tabs(block[:end]))
            held = block[end:]
        sink.write(spaces_to_tabs(held))
    return target
