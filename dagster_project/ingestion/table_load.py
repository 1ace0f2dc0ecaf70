"""One table of rows from a file into its raw tables."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from dagster_project.ingestion.cleaning import sql_literal
from dagster_project.ingestion.encoding import broken_encoding
from dagster_project.ingestion.inspect import PlannedFile, PlannedTable
from dagster_project.ingestion.raw_copy import raw_path
from dagster_project.ingestion.readers import (
    Table,
    as_utf8,
    broken_while_reading,
    excel_extension,
    relation,
)
from dagster_project.ingestion.refusal import RefusedFile
from dagster_project.ingestion.tables import personal_table
from dagster_project.ingestion.transform import Clock, typed_rows
from dagster_project.settings import Settings


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


def load_table(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    batch_id: int,
    file: PlannedFile,
    planned: PlannedTable,
) -> Counts:
    """Insert the rows of one table; the caller's transaction decides whether they stay.

    Raises:
        RefusedFile: the rows cannot be read.
    """
    name = f"load_{uuid.uuid4().hex}"
    scratch = settings.work_dir / f"{name}.utf8"
    path = raw_path(settings.raw_dir, file.sha256, file.path.suffix)
    try:
        _stage(connection, settings, planned, path, scratch, name)
    finally:
        scratch.unlink(missing_ok=True)
    rejected = _insert_rejected(connection, name, batch_id, file, planned)
    shift = _true_row_numbers(name) if rejected else name
    format_ = planned.binding.format
    lineage = f"{batch_id}, {file.file_id}, _row_number + {_rows_before(connection, file, planned)}"
    main = ", ".join(column.name for column in format_.main_columns)
    connection.execute(
        f"insert into raw.{format_.name} "
        f"select {lineage}, _row_hash, _issues, _unreadable, {main} from {shift}"
    )
    if format_.personal_columns:
        personal = ", ".join(column.name for column in format_.personal_columns)
        connection.execute(
            f"insert into raw.{personal_table(format_)} "
            f"select {lineage.split(', ', 1)[1]}, {personal} from {shift} "
            f"where coalesce({personal}) is not null"
        )
    counted = connection.execute(
        f"select count(*), count(*) filter (where _unreadable), count(_issues) from {name}"
    ).fetchone()
    connection.execute(f"drop table {name}")
    rows, unreadable, with_issues = counted or (0, 0, 0)
    return Counts(rows + rejected, unreadable + rejected, with_issues)


def _stage(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    planned: PlannedTable,
    path: Path,
    scratch: Path,
    name: str,
) -> None:
    """Read the file into the temporary table `name`, and its rejected rows beside."""
    table = planned.table
    if table.kind == "xlsx":
        connection.execute(f"load {sql_literal(str(excel_extension()))}")
    readable = as_utf8(path, table.encoding, scratch)
    _read(connection, settings, planned, readable, name)
    if _has_invalid_bytes(connection, table, name):
        # The first megabyte was UTF-8, something later is not: an ASCII start of a Chinese file.
        _drop(connection, name)
        if not "".join(table.header).isascii():
            raise broken_encoding(path, "utf-8")
        try:
            readable = as_utf8(path, "gb18030", scratch)
        except RefusedFile as refused:
            raise broken_encoding(path, "utf-8") from refused
        _read(connection, settings, planned, readable, name)


def _read(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    planned: PlannedTable,
    path: Path,
    name: str,
) -> None:
    positions = [i for bound in planned.binding.columns for i in bound.positions]
    rows = relation(planned.table, path, positions, name)
    latest = datetime.now(ZoneInfo(settings.shop_timezone)) + timedelta(days=1)
    clock = Clock(settings.shop_timezone, latest.strftime("%Y-%m-%d %H:%M:%S"))
    try:
        connection.execute(
            f"create temp table {name} as "
            + typed_rows(planned.binding, planned.table.header, rows, clock)
        )
    except (duckdb.InvalidInputException, duckdb.ConversionException, duckdb.IOException) as error:
        if "No space left" in str(error):
            raise
        raise broken_while_reading(planned.table.kind, error) from error


def _has_invalid_bytes(connection: duckdb.DuckDBPyConnection, table: Table, name: str) -> bool:
    if table.kind != "csv":
        return False
    found = connection.execute(
        f"select count(*) from {name}_errors where error_type = 'INVALID ENCODING'"
    ).fetchone()
    return found is not None and found[0] > 0


def _drop(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    for table in (name, f"{name}_errors", f"{name}_scans"):
        connection.execute(f"drop table if exists {table}")


def _insert_rejected(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    batch_id: int,
    file: PlannedFile,
    planned: PlannedTable,
) -> int:
    """Keep structurally unreadable rows; leaves them in `<name>_rejected` and gives their number."""
    if planned.table.kind != "csv":
        return 0
    connection.execute(
        f"""
        create temp table {name}_rejected as
        select
            row_number() over (order by line, line_byte_position) as ordinal,
            line - 1 as _row_number,
            trim(any_value(csv_line), chr(10) || chr(13)) as raw_text,
            string_agg(distinct error_message, '; ') as reason
        from {name}_errors
        group by line, line_byte_position
        """
    )
    inserted = connection.execute(
        f"insert into raw.unreadable_rows "
        f"select {batch_id}, {file.file_id}, _row_number, '{planned.binding.format.name}', "
        f"raw_text, reason from {name}_rejected"
    ).fetchone()
    for table in (f"{name}_errors", f"{name}_scans"):
        connection.execute(f"drop table {table}")
    return int(inserted[0]) if inserted else 0


def _true_row_numbers(name: str) -> str:
    """The staged rows with the rejected rows before each counted in.

    `good` rows stand before the n-th rejected one, so every row after those moves by n.
    """
    return (
        f"(select staged.* replace (staged._row_number + coalesce(moved.n, 0) as _row_number) "
        f"from {name} as staged asof left join ("
        f"select _row_number - ordinal as good, max(ordinal) as n "
        f"from {name}_rejected group by all) as moved on staged._row_number > moved.good)"
    )


def _rows_before(
    connection: duckdb.DuckDBPyConnection, file: PlannedFile, planned: PlannedTable
) -> int:
    """Rows of this format that earlier sheets of the same file gave: numbers go on from there."""
    if len(file.tables) == 1:
        return 0
    last = connection.execute(
        f"select max(_row_number) from raw.{planned.binding.format.name} where _file_id = ?",
        [file.file_id],
    ).fetchone()
    return int(last[0]) if last and last[0] is not None else 0
