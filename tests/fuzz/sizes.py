"""Files that are too long, too wide, too deep or too packed, and the memory that each takes.

Each case runs in a process of its own, `python -m tests.fuzz.sizes CASE MEGABYTES`, which prints
what came of the file and the process's peak memory beside that of a file of one row.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from dagster_project.ingestion.loader import load_files
from dagster_project.settings import PROJECT_DIR, Settings

HEADER = b"order_id,ordered_at,status,channel\n"
ROW = b"W%09d,2024-03-11 10:05:06,completed,shop\n"
_MEGABYTE = 1 << 20
_SHEET_START = (
    b'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/'
    b'main"><sheetData>'
)


@dataclass(frozen=True)
class Outcome:
    """What came of one file.

    Attributes:
        refused: code of the refusal; None when it was loaded.
        rows, unreadable_rows: of a loaded file.
        base_mb, peak_mb: peak resident memory after a file of one row, and after this one.
        seconds: of the load.
        whole: a refused file lies in the refused folder with all its bytes.
    """

    refused: str | None
    rows: int
    unreadable_rows: int
    base_mb: int
    peak_mb: int
    seconds: float
    whole: bool

    @property
    def more_mb(self) -> int:
        return self.peak_mb - self.base_mb


def fill(path: Path, start: bytes, piece: bytes, megabytes: int, end: bytes = b"") -> None:
    """Write `start`, so many megabytes of repeated `piece`, and `end`, without holding them."""
    block = piece * (_MEGABYTE // len(piece))
    with path.open("wb") as file:
        file.write(start)
        for _ in range(megabytes):
            file.write(block)
        file.write(end)


def one_line(path: Path, megabytes: int) -> None:
    fill(path, b"", b"order,", megabytes)


def one_line_below_a_header(path: Path, megabytes: int) -> None:
    fill(path, HEADER + ROW % 1, b"x", megabytes, b"\n" + ROW % 2)


def one_line_of_commas(path: Path, megabytes: int) -> None:
    fill(path, HEADER + ROW % 1, b",", megabytes, b"\n" + ROW % 2)


def one_cell(path: Path, megabytes: int) -> None:
    fill(path, HEADER + ROW % 1 + b'3,2024-03-11,paid,"', b"x", megabytes, b'"\n' + ROW % 2)


def one_cell_of_lines(path: Path, megabytes: int) -> None:
    start = HEADER + ROW % 1 + b'3,2024-03-11,paid,"'
    fill(path, start, b"x" * 1023 + b"\n", megabytes, b'"\n' + ROW % 2)


def one_gb18030_line(path: Path, megabytes: int) -> None:
    fill(path, HEADER + ROW % 1, "连".encode("gb18030"), megabytes, b"\n" + ROW % 2)


def a_stray_quote(path: Path, megabytes: int) -> None:
    rows = [ROW % i for i in range(megabytes * _MEGABYTE // len(ROW % 0))]
    rows[10] = rows[10].replace(b"completed", b'"completed')
    path.write_bytes(HEADER + b"".join(rows))


def a_million_columns(path: Path, megabytes: int) -> None:
    path.write_bytes(b",".join(b"column%d" % i for i in range(1_000_000)) + b"\n1,2\n")


def a_million_empty_columns(path: Path, megabytes: int) -> None:
    path.write_bytes(b"order_id" + b"," * 999_999 + b"\n1,2\n")


def a_million_keys(path: Path, megabytes: int) -> None:
    path.write_text(json.dumps({f"k{i}": 1 for i in range(1_000_000)}))


def one_json_line(path: Path, megabytes: int) -> None:
    fill(path, b'{"order_id":"', b"x", megabytes, b'","ordered_at":"2024-03-11"}')


def deep_json(path: Path, megabytes: int) -> None:
    depth = min(megabytes, 5) * _MEGABYTE // 6
    text = '{"order_id":"1","ordered_at":"2024-03-11","channel":' + '{"a":' * depth
    path.write_text(text + "1" + "}" * (depth + 1))


def deep_list(path: Path, megabytes: int) -> None:
    depth = min(megabytes, 5) * _MEGABYTE // 2
    path.write_text("[" * depth + "]" * depth)


def zeros(path: Path, megabytes: int) -> None:
    """A sparse file: no disk."""
    with path.open("wb") as file:
        file.truncate(megabytes * _MEGABYTE)


def workbook(path: Path, parts: dict[str, tuple[bytes, bytes, int, bytes]]) -> None:
    """A workbook whose parts are (start, piece, megabytes of it, end)."""
    spreadsheet = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    small = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/'
        'content-types"><Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}"><Relationship Id="rId1" '
        f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{spreadsheet}" xmlns:r="{office}"><sheets>'
        '<sheet name="a" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}"><Relationship Id="rId1" '
        f'Type="{office}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" '
        f'Type="{office}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in small.items():
            archive.writestr(name, text)
        for name, (start, piece, megabytes, end) in parts.items():
            with archive.open(name, "w", force_zip64=True) as part:
                part.write(start)
                for _ in range(megabytes):
                    part.write(piece * (_MEGABYTE // len(piece)))
                part.write(end)


def _cells(*values: str) -> bytes:
    cells = "".join(f'<c t="inlineStr"><is><t>{value}</t></is></c>' for value in values)
    return f"<row>{cells}</row>".encode()


def zip_bomb(path: Path, megabytes: int) -> None:
    workbook(path, {"xl/worksheets/sheet1.xml": (_SHEET_START, b" ", megabytes, b"</sheetData>")})


def zip_that_lies(path: Path, megabytes: int) -> None:
    """The directory says that the sheet unpacks to a few bytes."""
    zip_bomb(path, megabytes)
    content = bytearray(path.read_bytes())
    at = content.rindex(b"xl/worksheets/sheet1.xml") - 46
    assert content[at : at + 4] == b"PK\x01\x02"
    content[at + 24 : at + 28] = (1_000).to_bytes(4, "little")
    path.write_bytes(content)


def one_cell_of_a_workbook(path: Path, megabytes: int) -> None:
    start = _SHEET_START + _cells("order_id", "ordered_at", "channel")
    start += b'<row><c t="inlineStr"><is><t>1</t></is></c><c t="inlineStr"><is><t>2024-03-11'
    start += b'</t></is></c><c t="inlineStr"><is><t>'
    end = b"</t></is></c></row></sheetData></worksheet>"
    workbook(path, {"xl/worksheets/sheet1.xml": (start, _NOISE, megabytes, end)})


def shared_strings(path: Path, megabytes: int) -> None:
    start = _SHEET_START + _cells("order_id", "ordered_at") + _cells("1", "2024-03-11")
    strings = b"<si><t>" + _NOISE[:1010] + b"</t></si>"
    workbook(
        path,
        {
            "xl/sharedStrings.xml": (b"<sst>", strings, megabytes, b"</sst>"),
            "xl/worksheets/sheet1.xml": (start, b" ", 0, b"</sheetData></worksheet>"),
        },
    )


# Packs to a fiftieth or so, as the words of a shop do: no bomb by its ratio.
_NOISE = (b"".join(b"%x" % (i * 2654435761 % 2**32) for i in range(140)) * 8)[:8192]


def one_parquet_cell(path: Path, megabytes: int) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = ["order_id", "ordered_at", "channel"]
    values = [["1"], ["2024-03-11"], ["x" * (megabytes * _MEGABYTE)]]
    pq.write_table(pa.Table.from_arrays([pa.array(v) for v in values], names=names), path)


CASES: dict[str, tuple[str, Callable[[Path, int], None]]] = {
    "one_line": ("csv", one_line),
    "one_line_below_a_header": ("csv", one_line_below_a_header),
    "one_line_of_commas": ("csv", one_line_of_commas),
    "one_gb18030_line": ("csv", one_gb18030_line),
    "one_cell": ("csv", one_cell),
    "one_cell_of_lines": ("csv", one_cell_of_lines),
    "a_stray_quote": ("csv", a_stray_quote),
    "a_million_columns": ("csv", a_million_columns),
    "a_million_empty_columns": ("csv", a_million_empty_columns),
    "a_million_keys": ("jsonl", a_million_keys),
    "one_json_line": ("jsonl", one_json_line),
    "deep_json": ("jsonl", deep_json),
    "deep_list": ("jsonl", deep_list),
    "zeros_csv": ("csv", zeros),
    "zeros_xlsx": ("xlsx", zeros),
    "zeros_parquet": ("parquet", zeros),
    "zeros_jsonl": ("jsonl", zeros),
    "zip_bomb": ("xlsx", zip_bomb),
    "zip_that_lies": ("xlsx", zip_that_lies),
    "one_cell_of_a_workbook": ("xlsx", one_cell_of_a_workbook),
    "shared_strings": ("xlsx", shared_strings),
    "one_parquet_cell": ("parquet", one_parquet_cell),
}


def measure(case: str, megabytes: int) -> Outcome:
    """Run one case in a process of its own.

    Raises:
        RuntimeError: the process crashed; with the end of what it said.
    """
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.sizes", case, str(megabytes)],
        cwd=PROJECT_DIR,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"{case}: exit {done.returncode}\n{done.stderr[-2_000:]}")
    return Outcome(**json.loads(done.stdout.splitlines()[-1]))


def _peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _run(case: str, megabytes: int) -> Outcome:
    ending, _ = CASES[case]
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.from_env({"WAREHOUSE_DIR": folder})
        settings.create_folders()
        # What the file is made with is no part of what reading it takes.
        made = Path(folder, "made")
        subprocess.run(
            [sys.executable, "-m", "tests.fuzz.sizes", case, str(megabytes), str(made)], check=True
        )
        small = settings.landing_dir / "small.csv"
        small.write_bytes(HEADER + ROW % 0)
        assert len(load_files(settings).loaded) == 1
        base, size = _peak_mb(), made.stat().st_size
        landed = settings.landing_dir / f"case.{ending}"
        made.replace(landed)
        started = time.perf_counter()
        report = load_files(settings)
        seconds = time.perf_counter() - started
        refused = [file.refusal.code for file in report.refused]
        loaded = report.loaded[0] if report.loaded else None
        kept = settings.refused_dir / landed.name if refused else landed
        return Outcome(
            refused=refused[0] if refused else None,
            rows=loaded.rows if loaded else 0,
            unreadable_rows=loaded.unreadable_rows if loaded else 0,
            base_mb=base,
            peak_mb=_peak_mb(),
            seconds=round(seconds, 1),
            whole=kept.stat().st_size == size,
        )


if __name__ == "__main__":
    if len(sys.argv) == 4:
        CASES[sys.argv[1]][1](Path(sys.argv[3]), int(sys.argv[2]))
    else:
        print(json.dumps(asdict(_run(sys.argv[1], int(sys.argv[2])))))
