"""What tables of rows a file holds, and the DuckDB relation that reads each.

Every value is read as text, whatever the file says its type is: one set of cleaning rules then
serves all kinds of file.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

import duckdb

from dagster_project.ingestion.encoding import (
    SAMPLE_BYTES,
    broken_encoding,
    detect_encoding,
    recode_to_utf8,
    spaces_to_tabs,
    tabs_for_spaces,
)
from dagster_project.ingestion.long_lines import tame
from dagster_project.ingestion.refusal import RefusedFile, clipped
from dagster_project.ingestion.workbook import check_workbook, sheet_names
from dagster_project.sql_text import sql_literal, sql_name

MAX_COLUMNS = 2_000
# What the reader says of broken lines, up to one for each missing field. So many are no dirt.
MAX_REJECTS = 2_000_000
DELIMITERS = (",", ";", "\t", "|")

# So many records at a file's start say whether it is of a headerless format.
_FIRST_RECORDS = 20

# Not FLOAT and DOUBLE: their NaN means "nothing".
_TYPED = re.compile(r"(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DECIMAL.*|DATE|TIMESTAMP.*)$")

_KIND_BY_SUFFIX = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".xlsx": "xlsx",
    ".parquet": "parquet",
    ".jsonl": "json",
    ".ndjson": "json",
    ".json": "json",
}


@dataclass(frozen=True)
class Dialect:
    """What a mapping says of a file that does not show it itself.

    Attributes:
        has_header: the first record of a CSV file or sheet holds the columns' names.
        delimiter: of a CSV file; None looks which one the first record has.
        spaces: a CSV file's fields are parted by any number of spaces and tabs.
    """

    has_header: bool = True
    delimiter: str | None = None
    spaces: bool = False


@dataclass(frozen=True)
class Table:
    """One table of rows inside a file.

    Attributes:
        kind: csv, xlsx, parquet or json.
        header: the file's own column names, in order; "1", "2" … where it has none.
        encoding: of a text file; None for xlsx and parquet.
        delimiter: of a CSV file.
        skip: blank lines above a CSV file's first record.
        sheet: of a workbook.
        typed: positions of a parquet file's numbers and times, in which there is nothing to trim
            and no word for "nothing".
        has_header: False when the first record is data.
        spaces: a CSV file's fields are parted by any number of spaces and tabs; they are made
            one tab, the `delimiter`, before it is read.
        first_records: of a CSV file, line by line and the header included.
    """

    kind: str
    header: tuple[str, ...]
    encoding: str | None = None
    delimiter: str = ","
    skip: int = 0
    sheet: str | None = None
    typed: frozenset[int] = frozenset()
    has_header: bool = True
    spaces: bool = False
    first_records: tuple[tuple[str, ...], ...] = ()

    def label(self, position: int) -> str:
        """What a message calls the column at a 0-based position."""
        name = self.header[position].strip()
        return name if self.has_header else f"column {name}"

    def without_header(self) -> Table:
        """The same CSV file when its first record turns out to be data."""
        widths = [len(record) for record in self.first_records]
        # The first record may be the broken one.
        width = max(widths, key=widths.count, default=len(self.header))
        return replace(self, header=_numbers(width), has_header=False)


def excel_extension() -> Path:
    """The packaged DuckDB extension that reads xlsx, for the DuckDB that runs.

    Raises:
        FileNotFoundError: the package is missing or made for another DuckDB.
    """
    spec = find_spec("duckdb_extension_excel")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("package duckdb-extension-excel is not installed")
    folder = Path(spec.origin).parent / "extensions" / f"v{duckdb.__version__}"
    path = folder / "excel.duckdb_extension"
    if not path.is_file():
        raise FileNotFoundError(
            f"duckdb-extension-excel does not fit duckdb {duckdb.__version__}; "
            "install the same version of both"
        )
    return path


def file_kind(path: Path) -> str:
    """csv, xlsx, parquet or json, by the file's ending.

    Raises:
        RefusedFile: the ending is none of those that can be read.
    """
    suffix = path.suffix.lower()
    kind = _KIND_BY_SUFFIX.get(suffix)
    if kind is None:
        shown = suffix or "（无 / none）"
        raise RefusedFile(
            "unsupported_ending",
            f"不支持 {shown} 类型的文件。请在 Excel/WPS 中另存为 xlsx 或 CSV，再放入。",
            f"Files ending in {shown} cannot be read. Save it as xlsx or CSV and drop it again.",
        )
    return kind


def find_tables(
    path: Path, connection: duckdb.DuckDBPyConnection, dialect: Dialect = Dialect()
) -> tuple[Table, ...]:
    """Every table of rows in the file with its header; reads no more than the file's start.

    A workbook gives one table for each sheet that is not empty. `dialect` concerns CSV files and
    sheets alone: other kinds of file carry the names of their columns.

    Raises:
        RefusedFile: the file cannot be read as what its ending says.
    """
    kind = file_kind(path)
    if path.stat().st_size == 0:
        raise RefusedFile(
            "empty_file",
            "文件是空的（0 字节）。请从后台重新导出后再放入。",
            "The file is empty (0 bytes). Export it again and drop the new file.",
        )
    if kind == "csv":
        tables = _csv_tables(path, dialect)
    elif kind == "xlsx":
        tables = _xlsx_tables(path, connection, dialect)
    elif kind == "parquet":
        tables = _parquet_tables(path, connection)
    else:
        tables = _json_tables(path, connection)
    if not any(name.strip() for table in tables for name in table.header):
        raise RefusedFile(
            "empty_file",
            "文件里没有表头，也没有数据。请从后台重新导出后再放入。",
            "The file holds no header and no data. Export it again and drop the new file.",
        )
    for table in tables:
        if len(table.header) > MAX_COLUMNS:
            raise RefusedFile(
                "too_many_columns",
                f"文件有 {len(table.header)} 列，上限是 {MAX_COLUMNS} 列。请检查是否导错了表。",
                f"The file has {len(table.header)} columns; the limit is {MAX_COLUMNS}. "
                "Check that it is the right export.",
            )
    return tables


def readable_csv(path: Path, table: Table, encoding: str | None, scratch: Path) -> Path:
    """The file itself when DuckDB can read its bytes, else a copy at `scratch` that it can.

    Raises:
        RefusedFile: a byte is not valid in the encoding.
    """
    scratch.parent.mkdir(parents=True, exist_ok=True)
    if encoding not in (None, "utf-8", "utf-8-sig"):
        path = recode_to_utf8(path, encoding, scratch)
    path = tame(path, " \t" if table.spaces else table.delimiter, len(table.header), scratch)
    if table.spaces:
        path = tabs_for_spaces(path, scratch.with_suffix(".tabs")).replace(scratch)
    return path


def relation(table: Table, path: Path, positions: Iterable[int], rejects: str | None) -> str:
    """A SELECT of `_row_number` (1-based) and the text of `positions` as `f<position>`.

    Rows with nothing in any cell are left out; they keep their number.

    Args:
        table: what `find_tables` found.
        path: the file, or its UTF-8 copy.
        positions: which columns of the header are needed.
        rejects: prefix of the temporary tables for structurally unreadable CSV rows.
    """
    rows = text_rows(table, path, positions, rejects)
    return numbered(f"select row_number() over () - 1 as _position, * from ({rows})", table)


def numbered(rows: str, table: Table) -> str:
    """Number a SELECT of `_position` (0-based) and `text_rows`; drop its header and empty rows."""
    first = 0 if table.kind == "xlsx" and table.has_header else 1
    return (
        f"select _position + {first} as _row_number, * exclude (_position, _anything) "
        f"from ({rows}) where _position + {first} > 0 and _anything"
    )


def text_rows(
    table: Table,
    path: Path,
    positions: Iterable[int],
    rejects: str | None,
    on_one_core: bool = False,
) -> str:
    """A SELECT of the text of `positions` and `_anything`, in the order of the file.

    `_anything` is false where no cell holds a value: spreadsheets keep long tails of formatted,
    empty rows. A workbook's header, when it has one, is the first row.
    """
    wanted = sorted(set(positions))
    file = sql_literal(_exact(path))
    if table.kind == "csv":
        columns = ", ".join(f"'f{i}': 'VARCHAR'" for i in range(len(table.header)))
        reader = (
            f"read_csv({file}, auto_detect = false, header = {table.has_header}, "
            f"columns = {{{columns}}}, "
            f"delim = {sql_literal(table.delimiter)}, skip = {table.skip}, "
            "quote = '\"', escape = '\"', "
            f"store_rejects = true, rejects_scan = '{rejects}_scans', "
            f"rejects_table = '{rejects}_errors', rejects_limit = {MAX_REJECTS}, "
            f"parallel = {not on_one_core})"
        )
        return _texts(reader, [f"f{i}" for i in range(len(table.header))], wanted)
    if table.kind == "xlsx":
        # Header and data are read alike, or DuckDB renames headers and stops at an empty row.
        reader = (
            f"read_xlsx({file}, sheet = {sql_literal(table.sheet or '')}, header = false, "
            "all_varchar = true, stop_at_empty = false)"
        )
        return _texts(reader, [f"{_column_letters(i)}1" for i in range(len(table.header))], wanted)
    names = {i: sql_name(table.header[i]) for i in wanted}
    if table.kind == "parquet":
        fields_sql = "".join(f", cast({names[i]} as varchar) as f{i}" for i in wanted)
        return f"select true as _anything{fields_sql} from read_parquet({file})"
    columns = ", ".join(f"{sql_literal(table.header[i])}: 'VARCHAR'" for i in wanted)
    fields_sql = "".join(f", {names[i]} as f{i}" for i in wanted)
    return f"select true as _anything{fields_sql} from read_json({file}, columns = {{{columns}}})"


def _texts(reader: str, fields: list[str], wanted: list[int]) -> str:
    selected = "".join(f', "{fields[i]}" as f{i}' for i in wanted)
    anything = ", ".join(f'"{field}"' for field in fields)
    return f"select coalesce({anything}) is not null as _anything{selected} from {reader}"


def _csv_tables(path: Path, dialect: Dialect) -> tuple[Table, ...]:
    encoding = detect_encoding(path)
    with path.open("rb") as file:
        raw = file.read(SAMPLE_BYTES)
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    try:
        text = decoder.decode(raw)
    except UnicodeError as error:
        raise broken_encoding(path, encoding) from error
    text = text.removeprefix("\ufeff")
    body = text.lstrip("\r\n")
    skip = len(text[: len(text) - len(body)].splitlines())
    if "\n" not in body and "\r" not in body and path.stat().st_size > SAMPLE_BYTES:
        raise _header_too_long()
    if dialect.spaces:
        body = spaces_to_tabs(body.encode()).decode()
    candidates = (dialect.delimiter,) if dialect.delimiter else DELIMITERS
    headers = {delimiter: _first_record(body, delimiter) for delimiter in candidates}
    delimiter = max(candidates, key=lambda candidate: len(headers[candidate]))
    table = Table(
        "csv",
        headers[delimiter],
        encoding,
        delimiter,
        skip,
        spaces=dialect.spaces,
        first_records=_first_records(body, delimiter),
    )
    return (table if dialect.has_header else table.without_header(),)


def _first_record(text: str, delimiter: str) -> tuple[str, ...]:
    try:
        records = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        return tuple(next((record for record in records if record), ()))
    except csv.Error as error:
        raise _header_too_long() from error


def _first_records(text: str, delimiter: str) -> tuple[tuple[str, ...], ...]:
    """The first lines, each by itself: an open quote must not swallow the lines after it."""
    lines = [line for line in re.split(r"[\r\n]+", text, maxsplit=_FIRST_RECORDS) if line]
    try:
        return tuple(
            tuple(next(csv.reader([line], delimiter=delimiter), ()))
            for line in lines[:_FIRST_RECORDS]
        )
    except csv.Error:  # a value longer than any real one: no format looks like that
        return ()


def _numbers(width: int) -> tuple[str, ...]:
    return tuple(str(number) for number in range(1, width + 1))


def _header_too_long() -> RefusedFile:
    return RefusedFile(
        "header_too_long",
        "第一行太长，不像表头。请检查是否导错了文件，或另存为 xlsx 后再放入。",
        "The first line is too long to be a header. Check that it is the right file, or save it "
        "as xlsx.",
    )


def _xlsx_tables(
    path: Path, connection: duckdb.DuckDBPyConnection, dialect: Dialect
) -> tuple[Table, ...]:
    check_workbook(path)
    connection.execute(f"load {sql_literal(str(excel_extension()))}")
    tables = []
    for sheet in sheet_names(path):
        try:
            row = connection.execute(
                "select * from read_xlsx(?, sheet = ?, header = false, all_varchar = true, "
                "stop_at_empty = false) limit 1",
                [_exact(path), sheet],
            ).fetchone()
        except duckdb.Error as error:
            if "No rows found" in str(error):
                continue
            raise _broken("Excel", error) from error
        if row is not None and any(row):
            names = tuple(cell or "" for cell in row)
            header = names if dialect.has_header else _numbers(len(names))
            tables.append(Table("xlsx", header, sheet=sheet, has_header=dialect.has_header))
    return tuple(tables)


def _parquet_tables(path: Path, connection: duckdb.DuckDBPyConnection) -> tuple[Table, ...]:
    try:
        cursor = connection.execute("select * from read_parquet(?) limit 0", [_exact(path)])
        columns = cursor.description
    except (duckdb.Error, UnicodeDecodeError) as error:  # of a column's name
        raise _broken("Parquet", error) from error
    typed = frozenset(i for i, column in enumerate(columns) if _TYPED.match(str(column[1])))
    return (Table("parquet", tuple(column[0] for column in columns), typed=typed),)


def _json_tables(path: Path, connection: duckdb.DuckDBPyConnection) -> tuple[Table, ...]:
    encoding = detect_encoding(path)
    if encoding not in ("utf-8", "utf-8-sig"):
        raise RefusedFile(
            "json_encoding",
            "JSON 文件的编码必须是 UTF-8。请用 UTF-8 重新导出后再放入。",
            "A JSON file must be UTF-8 text. Export it as UTF-8 and drop it again.",
        )
    try:
        # All rows are looked at: a key that first comes late must not be lost. The reader's own
        # look at them dies of deep nesting.
        found = connection.execute(
            "select json_keys(json) as keys, json_type(json) as type, min(row) as first "
            "from (select json, row_number() over () as row from read_json_objects(?)) "
            "group by all order by first",
            [_exact(path)],
        ).fetchall()
    except (duckdb.Error, UnicodeDecodeError) as error:
        if "maximum_object_size" in str(error):
            raise _record_too_long() from error
        raise _broken("JSON", error) from error
    for keys, type_, row in found:
        if type_ != "OBJECT":
            raise _not_a_record(row, str(type_))
        if len(set(keys)) < len(keys):
            raise _one_key_twice(row, next(key for key in keys if keys.count(key) > 1))
    header = tuple(dict.fromkeys(key for keys, _, _ in found for key in keys))
    _check_letter_case(header)
    return (Table("json", header, encoding),)


def _record_too_long() -> RefusedFile:
    return RefusedFile(
        "record_too_long",
        "有一条记录超过 16 MB，不像一笔订单。每条记录应单独成行。请检查换行后重新导出。",
        "A record is longer than 16 MB, which no order is. Each record has a line of its own: "
        "check the line ends and export it again.",
    )


def _not_a_record(row: int, type_: str) -> RefusedFile:
    return RefusedFile(
        "not_a_record",
        f"第 {row} 条记录不是“列名: 值”的形式（是 {type_}）。每一行应是一个 {{…}}。"
        "请重新导出后再放入。",
        f"Record {row} is no object of names and values but {type_}. Each line has to be one "
        "{…}. Export it again and drop it once more.",
    )


def _one_key_twice(row: int, key: str) -> RefusedFile:
    return RefusedFile(
        "one_key_twice",
        f"第 {row} 条记录里列名 {clipped(key)} 出现了两次，无法知道哪个值是对的。"
        "请重新导出后再放入。",
        f"Record {row} has the name {clipped(key)} twice, and nothing tells which of its values "
        "is right. Export it again and drop it once more.",
        quoted=clipped(key),
    )


def _check_letter_case(header: tuple[str, ...]) -> None:
    """The engine takes names that differ in letter case for one, and would read only one."""
    seen: dict[str, str] = {}
    for name in header:
        other = seen.setdefault(name.casefold(), name)
        if other != name:
            raise RefusedFile(
                "one_key_twice",
                f"列名 {clipped(other)} 有两种大小写写法，无法分开。请统一列名后再放入。",
                f"The name {clipped(other)} is written in two letter cases, which cannot be told "
                "apart. Write it alike everywhere and drop the file again.",
                quoted=clipped(other),
            )


def broken_while_reading(kind: str, error: duckdb.Error) -> RefusedFile:
    """The refusal of a file whose header was well but whose rows cannot be read."""
    return _broken({"xlsx": "Excel", "parquet": "Parquet", "json": "JSON"}.get(kind, "CSV"), error)


def _broken(what: str, error: Exception) -> RefusedFile:
    # Where this machine keeps the file helps nobody.
    first_line = next(iter(str(error).splitlines()), type(error).__name__)
    shown = re.sub(r'file "[^"]*"', "file", first_line)[:200]
    detail = "".join(sign if sign.isprintable() else "?" for sign in shown)
    return RefusedFile(
        f"broken_{what.lower()}",
        f"{what} 文件已损坏或不完整，无法读取。请重新导出或重新复制后再放入。（{detail}）",
        f"The {what} file is damaged or incomplete and cannot be read. Export or copy it again "
        f"and drop it once more. ({detail})",
        quoted=detail,
    )


def _exact(path: Path) -> str:
    """The path with what DuckDB would take for a wildcard made literal."""
    return re.sub(r"([*?\[])", r"[\1]", str(path))


def _column_letters(index: int) -> str:
    letters = ""
    index += 1
    while index:
        index, digit = divmod(index - 1, 26)
        letters = chr(ord("A") + digit) + letters
    return letters
