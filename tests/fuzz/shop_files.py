"""A valid export of every format in every kind of file: what the damage is done to.

Each row carries a nine-digit number of its own in a column that its format must have, so that every
row can be looked for after the load.
"""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, replace

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from dagster_project.ingestion.formats import Column, Format, load_formats

ROWS = 10
KINDS_OF_FILE = ("csv", "xlsx", "parquet", "jsonl")
ENCODINGS = ("utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be")
VALUES = {
    "id": "7", "text": "连衣裙 A", "status": "交易成功", "amount": "86.50", "quantity": "2",
    "time": "2024-03-11 10:05:06", "date": "2024-03-11", "future_time": "2024-03-11 10:05:06",
    "future_date": "2024-03-11", "unix_time": "1511544070", "order_state": "completed",
    "refund_state": "succeeded", "boolean": "1", "province": "浙江省 杭州市",
    "city": "浙江省 杭州市", "region_name": "浙江省", "flag": "加急", "hashed_id": "小明",
    "email_key": "a@b.example", "phone_key": "13912345670", "person_key": "张三",
}  # fmt: skip


@dataclass(frozen=True)
class Table:
    """Rows of one file before they are written.

    Attributes:
        format: what the file is.
        mapped: it lies beside a `mapping.yml`.
        header: None for a headerless format.
        rows: texts.
        number: position of the column that holds each row's number.
        first: the first number.
    """

    format: Format
    mapped: bool
    header: tuple[str, ...] | None
    rows: tuple[tuple[str, ...], ...]
    number: int
    first: int

    @property
    def number_header(self) -> str | None:
        return self.header[self.number] if self.header else None

    @property
    def numbers(self) -> set[str]:
        return {str(self.first + i) for i in range(ROWS)}

    def with_cell(self, row: int, column: int, text: str) -> Table:
        """One cell changed; never the one with the number."""
        if column == self.number:
            return self
        cells = list(self.rows[row])
        cells[column] = text
        rows = list(self.rows)
        rows[row] = tuple(cells)
        return replace(self, rows=tuple(rows))


def every_kind() -> list[tuple[Format, bool, str]]:
    """Every format (mapped ones as a template and beside a mapping) in every kind of file."""
    return [
        (format_, mapped, kind)
        for format_ in load_formats()
        for mapped in ((False, True) if format_.mapped else (False,))
        for kind in (("csv",) if format_.headerless else KINDS_OF_FILE)
    ]


def valid_table(format_: Format, mapped: bool, first: int) -> Table:
    columns = [c for c in format_.given_columns if not (mapped and c.name in ("source", "shop"))]
    if format_.headerless:
        columns.sort(key=lambda column: column.position or 0)
    names = [column.name if format_.mapped else column.headers[0] for column in columns]
    kept = dict(reversed(list(zip(names, columns, strict=True))))
    ordered = [(name, kept[name]) for name in dict.fromkeys(names)]
    number = next(
        i
        for wanted in (True, False)
        for i, (_, column) in enumerate(ordered)
        if column.kind in ("id", "text")
        and column.name not in ("source", "shop")
        and column.required >= wanted
    )
    rows = tuple(
        tuple(
            str(first + i) if place == number else _value(column, i)
            for place, (_, column) in enumerate(ordered)
        )
        for i in range(ROWS)
    )
    header = None if format_.headerless else tuple(name for name, _ in ordered)
    if mapped and header:
        header = tuple(f"店铺的第{i}列" for i in range(len(header)))
    return Table(format_, mapped, header, rows, number, first)


def _value(column: Column, row: int) -> str:
    if column.looks_like is not None and column.kind == "text":
        return "pv"
    if column.example and (
        column.kind in ("text", "order_state", "refund_state")
        or column.name.endswith(("_share", "_rate"))
    ):
        return column.example.replace("EXAMPLE", "E")
    if column.kind == "id" and column.looks_like is not None:
        return str(22_683_180 + row)
    return VALUES[column.kind]


def mapping_of(table: Table) -> str:
    """The `mapping.yml` under which the table's own names mean what its format says."""
    columns = [c.name for c in table.format.given_columns if c.name not in ("source", "shop")]
    assert table.header is not None
    named = dict(zip(columns, table.header, strict=True))
    return yaml.safe_dump(
        {"entity": table.format.entity, "source": "fuzz", "columns": named}, allow_unicode=True
    )


def as_csv(table: Table, rng: random.Random) -> bytes:
    text = io.StringIO()
    delimiter = rng.choice(",,;\t|")
    quoting = rng.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL))
    writer = csv.writer(
        text, delimiter=delimiter, quoting=quoting, lineterminator=rng.choice(("\n", "\r\n", "\r"))
    )
    writer.writerows([table.header, *table.rows] if table.header else table.rows)
    encoding = rng.choice(ENCODINGS)
    try:
        return text.getvalue().encode(encoding)
    except UnicodeEncodeError:
        return text.getvalue().encode("utf-8", errors="surrogatepass")


def as_xlsx(table: Table, rng: random.Random) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in [table.header or (), *table.rows]:
        sheet.append([_for_a_sheet(value, rng) for value in row])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _for_a_sheet(value: str, rng: random.Random) -> object:
    """A cell takes no control characters, and no more than 32,767 of the others."""
    text = openpyxl.cell.cell.ILLEGAL_CHARACTERS_RE.sub("", value)[:32_000]
    if rng.random() < 0.3 and not text.startswith("0"):
        for type_ in (int, float):
            try:
                number = type_(text)
            except ValueError:
                continue
            return number if abs(number) < 1e15 else text
    return text


def as_parquet(table: Table, rng: random.Random) -> bytes:
    names = table.header or ()
    arrays = []
    for place in range(len(names)):
        values = [row[place] for row in table.rows]
        odd = rng.choice(ODD_TYPES) if place != table.number and rng.random() < 0.15 else None
        arrays.append(odd() if odd else pa.array(values, pa.string()))
    content = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, names=list(names)), content)
    return content.getvalue()


ODD_TYPES: tuple[Callable[[], pa.Array], ...] = (
    lambda: pa.array([[1, 2], None, []] + [[3]] * (ROWS - 3)),
    lambda: pa.array([{"a": 1, "b": {"c": "x"}}] * ROWS),
    lambda: pa.array([[("k", 1)]] * ROWS, pa.map_(pa.string(), pa.int64())),
    lambda: pa.array(["12345678901234567890.123456"] * ROWS).cast(pa.decimal128(38, 6)),
    lambda: pa.array([b"\xff\x00\xfe"] * ROWS, pa.binary()),
    lambda: pa.array([float("nan"), float("inf"), 1e300, -0.0] + [1e18] * (ROWS - 4)),
    lambda: pa.array([2**63 - 1, -(2**63)] + [0] * (ROWS - 2), pa.int64()),
    lambda: pa.array([2**64 - 1] * ROWS, pa.uint64()),
    lambda: pa.array([2**62, -(2**62)] + [0] * (ROWS - 2), pa.timestamp("us")),
    lambda: pa.array([2**62, -(2**62)] + [0] * (ROWS - 2), pa.timestamp("ns", "UTC")),
    lambda: pa.array([2**31 - 1, -(2**31)] + [0] * (ROWS - 2), pa.date32()),
    lambda: pa.array([86_399_999_999] * ROWS, pa.time64("us")),
    lambda: pa.array(["a", "b"] * (ROWS // 2)).dictionary_encode(),
    lambda: pa.array([True, False] * (ROWS // 2)),
    lambda: pa.nulls(ROWS),
    lambda: pa.array([1.5] * ROWS, pa.float32()).cast(pa.float16()),
)


def as_jsonl(table: Table, rng: random.Random) -> bytes:
    names = table.header or ()
    ascii_only = rng.random() < 0.5
    lines = []
    for row in table.rows:
        record: dict[str, object] = {}
        for place, (name, value) in enumerate(zip(names, row, strict=True)):
            record[name] = value
            if place != table.number and rng.random() < 0.05:
                record[name] = rng.choice(ODD_VALUES)
        lines.append(json.dumps(record, ensure_ascii=ascii_only))
    if rng.random() < 0.2:
        return ("[" + ",\n".join(lines) + "]").encode(errors="surrogatepass")
    return "\n".join(lines).encode(errors="surrogatepass")


ODD_VALUES: tuple[object, ...] = (
    None, True, 10**18, -(10**30), 1e308, float("nan"), float("inf"), [], {}, [[[]]],
    {"a": {"b": 1}}, "\x00", "𠮷", "\u202e", -0.0, [1, "2", None], "",
)  # fmt: skip

WRITERS: dict[str, Callable[[Table, random.Random], bytes]] = {
    "csv": as_csv,
    "xlsx": as_xlsx,
    "parquet": as_parquet,
    "jsonl": as_jsonl,
}
