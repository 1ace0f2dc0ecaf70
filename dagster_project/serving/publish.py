"""Write, audit, publish: the marts that passed every gate replace the ones BI tools read.

The new database is written beside the old one and renamed over it. Readers that have the old file
open go on reading it; a run that is killed leaves the old file as it was.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import duckdb

from dagster_project.settings import Settings
from dagster_project.sql_text import sql_literal
from dagster_project.transformation.project import MARTS_SCHEMA, PublishedTable


@dataclass(frozen=True)
class Publication:
    """What was published.

    Attributes:
        as_of_date: of the marts; None when there is no order yet.
        rows: rows per table.
        replaced_current: False when only the history of an earlier date was written.
        withheld: personal columns that were left out, as `table.column`.
    """

    as_of_date: date | None
    rows: dict[str, int]
    replaced_current: bool
    withheld: tuple[str, ...] = ()


def publish(
    settings: Settings, tables: Sequence[PublishedTable], *, as_history: bool
) -> Publication:
    """Publish schema `marts` of the work database.

    Args:
        settings: where everything lives.
        tables: what to publish.
        as_history: the run is for one day of a history. Its marts are kept under
            `history/as_of_date=…`, and they replace the current ones only when these are not of a
            later day: a backfill of last spring must not turn this morning's dashboards back.

    A column marked as personal is left out, unless the owner allows it (`PUBLISH_PERSONAL`).
    """
    if settings.publish_personal:
        tables = [replace(table, personal_columns=()) for table in tables]
    withheld = tuple(f"{t.name}.{column}" for t in tables for column in t.personal_columns)
    as_of = _as_of(settings, settings.work_db)
    if as_history and as_of is not None:
        _write_history(settings, tables, as_of)
        current = _published_as_of(settings)
        if current is not None and current > as_of:
            return Publication(as_of, {}, replaced_current=False, withheld=withheld)
    rows = publish_tables(settings, tables)
    return Publication(as_of, rows, replaced_current=True, withheld=withheld)


def publish_tables(settings: Settings, tables: Sequence[PublishedTable]) -> dict[str, int]:
    """Replace what BI tools read by `tables`, whatever day they are of; returns rows per table."""
    rows = _replace_database(settings, tables)
    _replace_parquet(settings, tables)
    return rows


@contextmanager
def _opened(settings: Settings, database: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """`database` read-only, its marts as the default schema.

    A file called marts.duckdb with a schema marts in it makes the name `marts.x` ambiguous.
    """
    with duckdb.connect(str(database), read_only=True, config=settings.duckdb_config) as connection:
        connection.execute(f"use {database.stem}.{MARTS_SCHEMA}")
        yield connection


def _as_of(settings: Settings, database: Path) -> date | None:
    with _opened(settings, database) as connection:
        row = connection.execute("select max(as_of_date) from mart_status").fetchone()
    return row[0] if row else None


def _published_as_of(settings: Settings) -> date | None:
    """The day of what readers have; None when they have nothing, or a file that nobody can read."""
    if not settings.serving_db.is_file():
        return None
    try:
        return _as_of(settings, settings.serving_db)
    except duckdb.Error:
        return None


def _replace_database(settings: Settings, tables: Sequence[PublishedTable]) -> dict[str, int]:
    target = settings.serving_db
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(target.name + ".tmp")
    for left in (unfinished, unfinished.with_name(unfinished.name + ".wal")):
        left.unlink(missing_ok=True)  # an old log must not meet a new database
    rows: dict[str, int] = {}
    with duckdb.connect(":memory:", config=settings.duckdb_config) as connection:
        # Under its own name: dbt's views name the database they were made in.
        work = settings.work_db.stem
        connection.execute(f"attach {sql_literal(settings.work_db)} as {work} (read_only)")
        # The oldest storage format, so that BI tools with an older client can open the file.
        connection.execute(f"attach {sql_literal(unfinished)} as next (storage_version 'v1.0.0')")
        connection.execute(f"create schema next.{MARTS_SCHEMA}")
        for table in tables:
            name = f"{MARTS_SCHEMA}.{table.name}"
            connection.execute(f"create table next.{name} as {_published_rows(table, work)}")
            counted = connection.execute(f"select count(*) from next.{name}").fetchone()
            rows[table.name] = counted[0] if counted else 0
        _copy_comments(connection, work)
        connection.execute(f"detach {work}")
        connection.execute("detach next")
    _sync(unfinished)
    unfinished.replace(target)
    _sync(target.parent)
    return rows


def _published_rows(table: PublishedTable, database: str) -> str:
    """A SELECT of what readers may see of a table."""
    withheld = ", ".join(f'"{column}"' for column in table.personal_columns)
    columns = f"* exclude ({withheld})" if withheld else "*"
    return f"select {columns} from {database}.{MARTS_SCHEMA}.{table.name}"


def _copy_comments(connection: duckdb.DuckDBPyConnection, work: str) -> None:
    """The descriptions of tables and columns travel with the data."""
    comments = connection.execute(
        """
        select table_name, null, comment from duckdb_tables()
        where database_name = $work and schema_name = $schema and comment is not null
        union all
        select view_name, null, comment from duckdb_views()
        where database_name = $work and schema_name = $schema and comment is not null
        union all
        select table_name, column_name, comment from duckdb_columns()
        where database_name = $work and schema_name = $schema and comment is not null
        """,
        {"work": work, "schema": MARTS_SCHEMA},
    ).fetchall()
    published = set(
        connection.execute(
            "select table_name, null from duckdb_tables() where database_name = 'next' "
            "union all "
            "select table_name, column_name from duckdb_columns() where database_name = 'next'"
        ).fetchall()
    )
    for table, column, comment in comments:
        if (table, column) not in published:
            continue
        thing = (
            f'column next.{MARTS_SCHEMA}.{table}."{column}"'
            if column
            else f"table next.{MARTS_SCHEMA}.{table}"
        )
        connection.execute(f"comment on {thing} is {sql_literal(comment)}")


def _replace_parquet(settings: Settings, tables: Sequence[PublishedTable]) -> None:
    """All files are written first and renamed one by one: each file is whole at any moment."""
    folder = settings.parquet_dir
    unfinished = folder.with_name("parquet.tmp")
    shown = [replace(table, personal_columns=()) for table in tables]  # the file has no others
    _write_parquet(settings, settings.serving_db, shown, unfinished)
    folder.mkdir(parents=True, exist_ok=True)
    for table in tables:
        (unfinished / f"{table.name}.parquet").replace(folder / f"{table.name}.parquet")
    names = {f"{table.name}.parquet" for table in tables}
    for leftover in folder.glob("*.parquet"):
        if leftover.name not in names:
            leftover.unlink()
    shutil.rmtree(unfinished)
    _sync(folder)


def _write_history(settings: Settings, tables: Sequence[PublishedTable], as_of: date) -> None:
    folder = settings.history_dir / f"as_of_date={as_of.isoformat()}"
    unfinished = folder.with_name(f".{folder.name}.tmp")
    dated = [table for table in tables if table.depends_on_as_of]
    _write_parquet(settings, settings.work_db, dated, unfinished)
    if folder.exists():
        shutil.rmtree(folder)
    unfinished.replace(folder)
    _sync(folder.parent)


def _write_parquet(
    settings: Settings, database: Path, tables: Sequence[PublishedTable], folder: Path
) -> None:
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    with _opened(settings, database) as connection:
        for table in tables:
            path = folder / f"{table.name}.parquet"
            described = _descriptions(connection, table)
            connection.execute(
                f"copy ({_published_rows(table, database.stem)}) to {sql_literal(path)} "
                f"(format parquet, compression zstd, kv_metadata {described})"
            )
            _sync(path)


def _descriptions(connection: duckdb.DuckDBPyConnection, table: PublishedTable) -> str:
    """A file's own words, as DuckDB's struct: `description`, and `columns` as a JSON object."""
    (about,) = connection.execute(
        "select any_value(comment) from ("
        "select table_name as name, comment from duckdb_tables() "
        "where database_name = current_database() and schema_name = current_schema() union all "
        "select view_name, comment from duckdb_views() "
        "where database_name = current_database() and schema_name = current_schema()"
        ") where name = ?",
        [table.name],
    ).fetchone() or (None,)
    columns = dict(
        connection.execute(
            "select column_name, comment from duckdb_columns() "
            "where database_name = current_database() and schema_name = current_schema() "
            "and table_name = ? and comment is not null order by column_index",
            [table.name],
        ).fetchall()
    )
    shown = {name: text for name, text in columns.items() if name not in table.personal_columns}
    described = json.dumps(shown, ensure_ascii=False)
    return f"{{description: {sql_literal(about or '')}, columns: {sql_literal(described)}}}"


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
