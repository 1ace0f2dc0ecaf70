"""The raw schema: every table the loader writes, created from the formats."""

from __future__ import annotations

import duckdb

from dagster_project.ingestion.cleaning import KINDS
from dagster_project.ingestion.formats import Column, Format, load_formats

LINEAGE: tuple[tuple[str, str], ...] = (
    ("_batch_id", "BIGINT"),
    ("_file_id", "BIGINT"),
    ("_row_number", "BIGINT"),
    ("_row_hash", "UBIGINT"),
    ("_issues", "VARCHAR"),
    ("_unreadable", "BOOLEAN"),
)
PERSONAL_LINEAGE: tuple[tuple[str, str], ...] = (("_file_id", "BIGINT"), ("_row_number", "BIGINT"))

UNREADABLE_ROWS: tuple[tuple[str, str], ...] = (
    ("_batch_id", "BIGINT"),
    ("_file_id", "BIGINT"),
    ("_row_number", "BIGINT"),
    ("format", "VARCHAR"),
    ("raw_text", "VARCHAR"),
    ("reason", "VARCHAR"),
)
# Keyed hashes of what named the people who were erased; nothing of them can be read from it.
ERASED_PERSONS: tuple[tuple[str, str], ...] = (
    ("token", "VARCHAR PRIMARY KEY"),
    ("erased_at", "TIMESTAMP"),
)
INGESTED_FILES: tuple[tuple[str, str], ...] = (
    ("file_id", "BIGINT PRIMARY KEY"),
    ("batch_id", "BIGINT"),
    ("source", "VARCHAR"),
    ("source_file", "VARCHAR"),
    ("sha256", "VARCHAR"),
    ("bytes", "BIGINT"),
    ("rows", "BIGINT"),
    ("unreadable_rows", "BIGINT"),
    ("unparsed_values", "BIGINT"),
    ("format", "VARCHAR"),
    ("encoding", "VARCHAR"),
    ("definition_hash", "VARCHAR"),
    ("exported_at", "TIMESTAMP"),
    ("loaded_at", "TIMESTAMP"),
    ("status", "VARCHAR"),
    ("message", "VARCHAR"),
)


def definitions() -> dict[str, tuple[tuple[str, str], ...]]:
    """Table name → (column, type) pairs, for every table of schema `raw`."""
    tables: dict[str, tuple[tuple[str, str], ...]] = {}
    for format_ in load_formats():
        tables[format_.name] = (*LINEAGE, *_typed(format_.main_columns))
        if format_.personal_columns:
            tables[personal_table(format_)] = (*PERSONAL_LINEAGE, *_typed(format_.personal_columns))
    tables["unreadable_rows"] = UNREADABLE_ROWS
    tables["ingested_files"] = INGESTED_FILES
    tables["erased_persons"] = ERASED_PERSONS
    return tables


def personal_table(format_: Format) -> str:
    """Name of the table that holds a format's personal columns."""
    return f"{format_.name}_personal"


def ensure_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Create every raw table that is missing; rebuild one whose columns are defined anew.

    A rebuilt table keeps what the old one shares with it. Its files have another definition
    hash by then, so the next load reads them again from their raw copies.
    """
    connection.execute("create schema if not exists raw")
    for name, columns in definitions().items():
        existing = _existing_columns(connection, name)
        if not existing:
            connection.execute(_create(name, columns))
        elif existing != [(column, type_.split()[0]) for column, type_ in columns]:
            _rebuild(connection, name, columns, {column for column, _ in existing})


def _rebuild(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    columns: tuple[tuple[str, str], ...],
    existing: set[str],
) -> None:
    shared = [(column, type_.split()[0]) for column, type_ in columns if column in existing]
    targets = ", ".join(column for column, _ in shared)
    values = ", ".join(f"try_cast({column} as {type_})" for column, type_ in shared)
    connection.begin()
    try:
        connection.execute(f"create temp table rebuilding as select {values} from raw.{name}")
        connection.execute(f"drop table raw.{name}")
        connection.execute(_create(name, columns))
        connection.execute(f"insert into raw.{name} ({targets}) select * from rebuilding")
        connection.execute("drop table rebuilding")
        connection.commit()
    except BaseException:
        connection.rollback()
        raise


def _existing_columns(connection: duckdb.DuckDBPyConnection, name: str) -> list[tuple[str, str]]:
    return connection.execute(
        "select column_name, data_type from duckdb_columns() "
        "where database_name = current_database() and schema_name = 'raw' and table_name = ? "
        "order by column_index",
        [name],
    ).fetchall()


def _create(name: str, columns: tuple[tuple[str, str], ...]) -> str:
    return f"create table raw.{name} ({', '.join(f'{c} {t}' for c, t in columns)})"


def _typed(columns: tuple[Column, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((column.name, KINDS[column.kind].sql_type) for column in columns)
