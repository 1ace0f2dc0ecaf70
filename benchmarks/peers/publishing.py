"""Publish tables of a work database as the script does: one DuckDB file, a Parquet file each."""

from __future__ import annotations

from pathlib import Path

import duckdb

from benchmarks.peers.sql_models import PUBLISHED


def publish(database: Path, schema: str, output: Path) -> None:
    """Copy the published tables of `schema` into `output`."""
    serving = output / "marts.duckdb"
    unfinished = serving.with_suffix(".tmp")
    with duckdb.connect() as connection:
        connection.execute(f"attach '{database}' as {database.stem} (read_only)")
        connection.execute(f"attach '{unfinished}' as serving (storage_version 'v1.0.0')")
        connection.execute("create schema serving.marts")
        for name in PUBLISHED:
            source, target = f"{database.stem}.{schema}.{name}", f"serving.marts.{name}"
            connection.execute(f"create table {target} as from {source}")
            connection.execute(
                f"copy {target} to '{output / name}.parquet' (format parquet, compression zstd)"
            )
        connection.execute("detach serving")
    unfinished.replace(serving)
