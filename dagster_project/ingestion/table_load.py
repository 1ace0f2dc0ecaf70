"""One table of rows from a file into its raw tables: read into a temporary table, then inserted.

Reading is outside the file's transaction, because a failed read spoils a transaction and some
files need a second attempt; what is inserted commits together with the ledger.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from dagster_project.ingestion.blank_lines import blank_lines, line_count
from dagster_project.ingestion.encoding import broken_encoding, unify_newlines
from dagster_project.ingestion.inspect import PlannedFile, PlannedTable
from dagster_project.ingestion.long_lines import CUT_MARK
from dagster_project.ingestion.open_quotes import DELIMITER_MARK, QUOTE_MARK, disarm
from dagster_project.ingestion.raw_copy import raw_path
from dagster_project.ingestion.readers import (
    MAX_REJECTS,
    broken_while_reading,
    excel_extension,
    numbered,
    readable_csv,
    text_rows,
)
from dagster_project.ingestion.refusal import RefusedFile
from dagster_project.ingestion.tables import personal_table
from dagster_project.ingestion.transform import Clock, typed_rows
from dagster_project.settings import Settings
from dagster_project.sql_text import sql_literal

# Names of temporary tables and of recoded copies in the work folder.
SCRATCH_PREFIX = "load_"

# Of a file's content hash, in an order id made of it and the row number.
_HASH_DIGITS = 8

# Stray quotes pair up, so each round finds at least half of those left: enough for 30,000.
_QUOTE_ROUNDS = 15

# A file that fits into one buffer of the reader is read on one core.
_BUFFER_BYTES = 8_000_000
# The reader quotes so much of a rejected line.
_SHOWN_OF_A_LINE = 10_000


@dataclass(frozen=True)
class Counts:
    """Rows of a table or file: all, unreadable, and with a value that did not parse."""

    rows: int = 0
    unreadable: int = 0
    with_issues: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.rows + other.rows,
            self.unreadable + other.unreadable,
            self.with_issues + other.with_issues,
        )


@dataclass(frozen=True)
class Staged:
    """A table's rows as text, in the file's order, in the temporary table `name`.

    Rejected CSV rows stand in `<name>_errors`.
    """

    name: str
    planned: PlannedTable
    clock: Clock

    def drop(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Remove the temporary tables."""
        for suffix in ("", "_errors", "_scans", "_blanks", "_rejected"):
            connection.execute(f"drop table if exists {self.name}{suffix}")


def stage_table(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    file: PlannedFile,
    planned: PlannedTable,
) -> Staged:
    """Read the rows of one table from the file's raw copy.

    Raises:
        RefusedFile: the rows cannot be read.
    """
    latest = datetime.now(ZoneInfo(settings.shop_timezone)) + timedelta(days=1)
    clock = Clock(settings.shop_timezone, latest.strftime("%Y-%m-%d %H:%M:%S"))
    staged = Staged(f"{SCRATCH_PREFIX}{uuid.uuid4().hex}", planned, clock)
    path = raw_path(settings.raw_dir, file.sha256, file.path.suffix)
    scratch = settings.work_dir / f"{staged.name}.utf8"
    try:
        if planned.table.kind == "csv":
            _stage_csv(connection, staged, path, scratch)
        else:
            if planned.table.kind == "xlsx":
                connection.execute(f"load {sql_literal(str(excel_extension()))}")
            _read(connection, staged, path)
    except BaseException:
        staged.drop(connection)
        raise
    finally:
        scratch.unlink(missing_ok=True)
    return staged


def insert_staged(
    connection: duckdb.DuckDBPyConnection, batch_id: int, file: PlannedFile, staged: Staged
) -> Counts:
    """Clean, type and insert staged rows; the caller's transaction decides whether they stay.

    Raises:
        RefusedFile: a row cannot be made of the file's text.
    """
    table, binding = staged.planned.table, staged.planned.binding
    format_ = binding.format
    rejected = find_rejected(connection, staged)
    if rejected:
        connection.execute(
            f"insert into raw.unreadable_rows select {batch_id}, {file.file_id}, _row_number, "
            f"'{format_.name}', raw_text, reason from {staged.name}_rejected"
        )
    typed = typed_rows(binding, table, staged_rows(staged, rejected), staged.clock)
    before = _rows_before(connection, file, format_.name)
    number = f"_row_number + {before}"
    row_ids = {
        bound.column.name: f"{sql_literal(file.sha256[:_HASH_DIGITS] + '-')} || ({number})"
        for bound in binding.columns
        if bound.row_number
    }
    main = ", ".join(row_ids.get(name, name) for name in (c.name for c in format_.main_columns))
    try:
        connection.execute(
            f"insert into raw.{format_.name} select {batch_id}, {file.file_id}, {number}, "
            f"_row_hash, _issues, _unreadable, {main} from ({typed})"
        )
    except duckdb.Error as error:
        _raise_unless_of_the_file(error)
        raise broken_while_reading(table.kind, error) from error
    if format_.personal_columns:
        personal = ", ".join(column.name for column in format_.personal_columns)
        connection.execute(
            f"insert into raw.{personal_table(format_)} "
            f"select {file.file_id}, {number}, {personal} from ({typed}) "
            f"where coalesce({personal}) is not null"
        )
    counted = connection.execute(
        "select count(*), count(*) filter (where _unreadable), count(_issues) "
        f"from raw.{format_.name} where _file_id = ? and _row_number > ?",
        [file.file_id, before],
    ).fetchone()
    good, unreadable, with_issues = counted or (0, 0, 0)
    return Counts(good + rejected, unreadable + rejected, with_issues)


def _stage_csv(
    connection: duckdb.DuckDBPyConnection,
    staged: Staged,
    path: Path,
    scratch: Path,
) -> None:
    table = staged.planned.table
    readable = readable_csv(path, table, table.encoding, scratch)
    try:
        _read(connection, staged, readable)
    except RefusedFile:
        unified = unify_newlines(readable, scratch.with_suffix(".lf"))
        readable = unified.replace(scratch)
        _read(connection, staged, readable)
    if _error_positions(connection, staged, "error_type = 'INVALID ENCODING'"):
        # The first megabyte was UTF-8, something later is not: an ASCII start of a Chinese file.
        if not "".join(chain(table.header, *table.first_records)).isascii():
            raise broken_encoding(path, "utf-8")
        try:
            readable = readable_csv(path, table, "gb18030", scratch)
        except RefusedFile as refused:
            raise broken_encoding(path, "utf-8") from refused
        _read(connection, staged, readable)
    for _ in range(_QUOTE_ROUNDS):
        swallowing = _error_positions(
            connection,
            staged,
            # No line by itself is over the maximum any more, and of a long record only the start
            # is shown.
            "error_type = 'LINE SIZE OVER MAXIMUM' or error_type = 'UNQUOTED VALUE' "
            "and (contains(trim(csv_line, chr(10) || chr(13)), chr(10)) "
            f"or length(csv_line) >= {_SHOWN_OF_A_LINE})",
        )
        if not swallowing:
            break
        readable = disarm(readable, swallowing, table.delimiter, scratch)
        _read(connection, staged, readable)
    _check_rejects(connection, staged)
    blanks = blank_lines(readable) if _error_positions(connection, staged, "true") else []
    connection.execute(
        f"create temp table {staged.name}_blanks as select unnest(?::bigint[]) as position",
        [blanks],
    )


def _check_rejects(connection: duckdb.DuckDBPyConnection, staged: Staged) -> None:
    """Past the limit the reader no longer says what it leaves out.

    Raises:
        RefusedFile: naming the first broken line.
    """
    found = connection.execute(f"select count(*), min(line) from {staged.name}_errors").fetchone()
    count, line = found or (0, 0)
    if count >= MAX_REJECTS:
        raise RefusedFile(
            "too_many_unreadable",
            f"文件里读不出来的行太多（第一处在第 {line} 行），不像一张表。"
            "请检查引号和分隔符，重新导出后再放入。",
            f"Too many lines of the file cannot be read (the first is line {line}); it does not "
            "look like a table. Check its quotes and delimiters, export it again and drop it once "
            "more.",
        )


def _read(connection: duckdb.DuckDBPyConnection, staged: Staged, path: Path) -> None:
    """One attempt; what an earlier one left is removed.

    Rows are numbered and cleaned only when they are inserted: numbering while reading would keep
    all the work on one core.
    """
    _read_once(connection, staged, path)
    # On several cores the reader forgets some of the lines that it rejects, where they are many.
    if (
        staged.planned.table.kind == "csv"
        and path.stat().st_size > _BUFFER_BYTES
        and _error_positions(connection, staged, "true")
        and _lines_told(connection, staged) < line_count(path)
    ):
        _read_once(connection, staged, path, on_one_core=True)


def _lines_told(connection: duckdb.DuckDBPyConnection, staged: Staged) -> int:
    """Lines that the reader gave or rejected, each as one."""
    found = connection.execute(
        f"select (select count(*) from {staged.name}) "
        f"+ (select count(distinct line) from {staged.name}_errors)"
    ).fetchone()
    return int(staged.planned.table.has_header) + (int(found[0]) if found else 0)


def _read_once(
    connection: duckdb.DuckDBPyConnection, staged: Staged, path: Path, on_one_core: bool = False
) -> None:
    staged.drop(connection)
    table, binding = staged.planned.table, staged.planned.binding
    positions = [i for bound in binding.columns for i in bound.positions]
    rows = text_rows(table, path, positions, staged.name, on_one_core)
    try:
        connection.execute(f"create temp table {staged.name} as {rows}")
    except duckdb.Error as error:
        _raise_unless_of_the_file(error)
        raise broken_while_reading(table.kind, error) from error


def _raise_unless_of_the_file(error: duckdb.Error) -> None:
    """A full disk, a stopped run and a broken database are not mended by refusing a file.

    Everything else is the file's: what damage does to its readers comes under many names.
    """
    of_the_machine = isinstance(
        error, (duckdb.FatalException, duckdb.InterruptException, duckdb.TransactionException)
    )
    if of_the_machine or "No space left" in str(error):
        raise error


def _error_positions(
    connection: duckdb.DuckDBPyConnection, staged: Staged, condition: str
) -> list[int]:
    """Byte positions of the rejected lines that fulfil a condition."""
    found = connection.execute(
        f"select distinct line_byte_position from {staged.name}_errors where {condition} order by 1"
    ).fetchall()
    return [position for (position,) in found]


def staged_rows(staged: Staged, rejected: int) -> str:
    """A SELECT of `_row_number` and the text columns of staged rows.

    Args:
        staged: from `stage_table`.
        rejected: what `find_rejected` returned for it.
    """
    # The temporary table keeps the file's order, so its row ids count the file's rows.
    positions = f"select rowid as _position, * from {staged.name}"
    rows = numbered(positions, staged.planned.table)
    return _true_row_numbers(rows, staged.name) if rejected else rows


def find_rejected(connection: duckdb.DuckDBPyConnection, staged: Staged) -> int:
    """Gather structurally unreadable rows in `<name>_rejected`; returns how many."""
    table = staged.planned.table
    if table.kind != "csv":
        return 0
    connection.execute(
        f"""
        create temp table {staged.name}_rejected as
        select
            row_number() over (order by line, start) as ordinal,
            -- the reader counts the header and blank lines too
            line - {int(table.has_header)} - (
                select count(*) from {staged.name}_blanks where position < start
            ) as _row_number,
            translate(
                any_value(text),
                {sql_literal(QUOTE_MARK + DELIMITER_MARK + CUT_MARK)},
                {sql_literal('"' + table.delimiter)}
            ) as raw_text,
            case
                when contains(any_value(text), {sql_literal(CUT_MARK)})
                then 'The line is longer than a megabyte; this is its start.'
                when contains(any_value(text), {sql_literal(QUOTE_MARK)})
                then 'A quote is opened and never closed.'
                else string_agg(distinct error_message, '; ')
            end as reason
        from (
            -- the reader gives a rejected row together with the line ends before it
            select
                *,
                trim(csv_line, chr(10) || chr(13)) as text,
                line_byte_position + length(csv_line)
                    - length(ltrim(csv_line, chr(10) || chr(13))) as start
            from {staged.name}_errors
        )
        group by line, start
        """
    )
    found = connection.execute(f"select count(*) from {staged.name}_rejected").fetchone()
    return int(found[0]) if found else 0


def _true_row_numbers(rows: str, name: str) -> str:
    """Numbered rows with the rejected rows before each counted in.

    `good` rows stand before the n-th rejected one, so every row after those moves by n.
    """
    return (
        f"select staged.* replace (staged._row_number + coalesce(moved.n, 0) as _row_number) "
        f"from ({rows}) as staged asof left join ("
        f"select _row_number - ordinal as good, max(ordinal) as n "
        f"from {name}_rejected group by all) as moved on staged._row_number > moved.good"
    )


def _rows_before(connection: duckdb.DuckDBPyConnection, file: PlannedFile, table: str) -> int:
    """Rows that earlier sheets of the same file gave to a table: their numbers go on from there."""
    if len(file.tables) == 1:
        return 0
    last = connection.execute(
        f"select max(_row_number) from raw.{table} where _file_id = ?", [file.file_id]
    ).fetchone()
    return int(last[0]) if last and last[0] is not None else 0
