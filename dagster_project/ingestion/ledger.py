"""The ledger `raw.ingested_files`: which file's rows stand in the raw tables, and what became of
the others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from dagster_project.ingestion.tables import INGESTED_FILES, definitions

ACTIVE = "loaded"


@dataclass(frozen=True)
class Entry:
    """One row of the ledger; the attributes are its columns."""

    file_id: int
    batch_id: int
    source: str | None
    source_file: str
    sha256: str
    bytes: int
    rows: int
    unreadable_rows: int
    unparsed_values: int
    format: str | None
    encoding: str | None
    definition_hash: str | None
    exported_at: datetime | None
    loaded_at: datetime
    status: str
    message: str | None


_COLUMNS = ", ".join(name for name, _ in INGESTED_FILES)


def read_ledger(work_db: Path) -> tuple[Entry, ...]:
    """All entries by file id; none when nothing was ever loaded. Writes nothing."""
    if not work_db.exists():
        return ()
    with duckdb.connect(str(work_db), read_only=True) as connection:
        return entries(connection)


def entries(connection: duckdb.DuckDBPyConnection) -> tuple[Entry, ...]:
    """All entries by file id; none when the ledger does not exist yet."""
    found = connection.execute(
        "select column_name from duckdb_columns() "
        "where schema_name = 'raw' and table_name = 'ingested_files'"
    ).fetchall()
    existing = {name for (name,) in found}
    if not existing:
        return ()
    # An older release's ledger is read before the loader brings it up to date.
    columns = ", ".join(n if n in existing else f"null as {n}" for n, _ in INGESTED_FILES)
    rows = connection.execute(
        f"select {columns} from raw.ingested_files order by file_id"
    ).fetchall()
    return tuple(Entry(*row) for row in rows)


def find(connection: duckdb.DuckDBPyConnection, sha256: str, source_file: str) -> tuple[Entry, ...]:
    """Entries of this content or this path, by file id."""
    rows = connection.execute(
        f"select {_COLUMNS} from raw.ingested_files "
        "where sha256 = ? or source_file = ? order by file_id",
        [sha256, source_file],
    ).fetchall()
    return tuple(Entry(*row) for row in rows)


def insert(connection: duckdb.DuckDBPyConnection, entry: Entry) -> None:
    """Add one entry."""
    marks = ", ".join("?" for _ in INGESTED_FILES)
    values = [getattr(entry, name) for name, _ in INGESTED_FILES]
    connection.execute(f"insert into raw.ingested_files ({_COLUMNS}) values ({marks})", values)


def retire(connection: duckdb.DuckDBPyConnection, entry: Entry, status: str) -> None:
    """Delete the rows of an active entry from every raw table and give it another status."""
    formats = (entry.format or "").split(", ")
    holding = [*formats, *(f"{name}_personal" for name in formats), "unreadable_rows"]
    for table in definitions():
        if table in holding:
            connection.execute(f"delete from raw.{table} where _file_id = ?", [entry.file_id])
    connection.execute(
        "update raw.ingested_files set status = ? where file_id = ?", [status, entry.file_id]
    )
