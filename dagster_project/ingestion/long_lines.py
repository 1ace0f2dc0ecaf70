"""Lines longer than the CSV reader can hold, and quotes that would swallow more than it can hold.

The reader keeps a record in a buffer of some megabytes. What does not fit is not rejected: it
vanishes, with rows around it. So both are found beforehand, by reading the file once in pieces, and
made lines that the reader rejects one by one.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from dagster_project.ingestion.open_quotes import DELIMITER_MARK, QUOTE_MARK, disarm

LONGEST_LINE_BYTES = 1 << 20
# A control character that no export contains: the text before it is only the line's start.
CUT_MARK = "\x1d"

_CHUNK_BYTES = 1 << 19
_KEPT_BYTES = 1_000
_LINE_ENDS = (b"\n", b"\r")


def tame(path: Path, delimiter: str, width: int, scratch: Path) -> Path:
    """The file itself, or where it holds such lines a copy at `scratch` with them made harmless.

    Args:
        path: a UTF-8 file; may be `scratch`.
        delimiter: the signs that part fields.
        width: columns of the header.
        scratch: where the copy goes.
    """
    overlong = list(_overlong_lines(path))
    if overlong:
        path = _without(overlong, path, delimiter, width, scratch.with_suffix(".cut"))
        path = path.replace(scratch)
    swallowing = list(_swallowing_lines(path, delimiter))
    return disarm(path, swallowing, delimiter, scratch) if swallowing else path


@dataclass(frozen=True)
class _Line:
    start: int
    end: int


def _chunks(path: Path) -> Iterator[tuple[int, bytes]]:
    position = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield position, chunk
            position += len(chunk)


def _overlong_lines(path: Path) -> Iterator[_Line]:
    start = end = 0
    for position, chunk in _chunks(path):
        end = position + len(chunk)
        first = min((i for sign in _LINE_ENDS if (i := chunk.find(sign)) >= 0), default=-1)
        if first < 0:
            continue
        if position + first - start > LONGEST_LINE_BYTES:
            yield _Line(start, position + first)
        start = position + max(chunk.rfind(sign) for sign in _LINE_ENDS) + 1
    if end - start > LONGEST_LINE_BYTES:
        yield _Line(start, end)


def _without(lines: list[_Line], path: Path, delimiter: str, width: int, target: Path) -> Path:
    """Copy a file with only the start of some lines, each as one field without quotes."""
    marks = bytes.maketrans(
        b'"' + delimiter.encode(), (QUOTE_MARK + DELIMITER_MARK * len(delimiter)).encode()
    )
    # One field is no broken line where one is right.
    tail = CUT_MARK + (delimiter[0] if width == 1 else "")
    with path.open("rb") as source, target.open("wb") as sink:
        for line in lines:
            _copy(source, sink, line.start - source.tell())
            text = source.read(_KEPT_BYTES).decode(errors="ignore").encode().translate(marks)
            sink.write(text + tail.encode())
            source.seek(line.end)
        shutil.copyfileobj(source, sink)
    return target


def _copy(source: BinaryIO, sink: BinaryIO, size: int) -> None:
    while size > 0:
        chunk = source.read(min(size, _CHUNK_BYTES))
        sink.write(chunk)
        size -= len(chunk)


def _swallowing_lines(path: Path, delimiter: str) -> Iterator[int]:
    """Starts of the lines with a quote that opens a value and none for a long way after it.

    Where such a value does end, the quote that closes it would open one once the first is
    disarmed, so its line is given too.
    """
    line_start = 0
    last: _Quote | None = None
    before = b""
    was_open = False
    for position, chunk in _chunks(path):
        text, at = before + chunk, position - len(before)
        if b'"' not in chunk:
            if last is not None and last.opens and any(sign in chunk for sign in _LINE_ENDS):
                yield last.line_start
                was_open = True
            last = None
        else:
            if was_open:
                first = _quote(text, at, line_start, delimiter, text.find(b'"', len(before)) + 1)
                if not first.opens:
                    yield first.line_start
                was_open = False
            last = _last_quote(text, at, line_start, delimiter)
        end = max(chunk.rfind(sign) for sign in _LINE_ENDS)
        line_start = position + end + 1 if end >= 0 else line_start
        before = chunk[-_KEPT_BYTES:]
    if last is not None and last.opens:
        yield last.line_start


@dataclass(frozen=True)
class _Quote:
    line_start: int
    opens: bool
    in_a_value: bool = False


def _last_quote(text: bytes, position: int, line_start: int, delimiter: str) -> _Quote:
    """The last quote of a piece of a file that does not stand for itself inside a value."""
    stop = len(text)
    while True:
        found = _quote(text, position, line_start, delimiter, text.rfind(b'"', 0, stop) + 1)
        if not found.in_a_value:
            return found
        stop = len(text[: text.rfind(b'"', 0, stop) + 1].rstrip(b'"'))
        if text.rfind(b'"', max(0, found.line_start - position), stop) < 0:
            return found


def _quote(text: bytes, position: int, line_start: int, delimiter: str, end: int) -> _Quote:
    """Whether the quote before `end` opens a value: `,"text` does, `text",` closes one."""
    bounds = delimiter.encode() + b"\r\n"
    start = len(text[:end].rstrip(b'"'))
    odd = (end - start) % 2 == 1
    at_start = start == 0 or text[start - 1] in bounds
    at_end = end == len(text) or text[end] in bounds
    in_line = max(text.rfind(sign, 0, start) for sign in _LINE_ENDS) + 1
    found = position + in_line if in_line else min(line_start, position)
    return _Quote(found, odd and at_start and not at_end, not odd and not at_start)
