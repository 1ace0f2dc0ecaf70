"""What was landed and fitted, as Parquet files in the lake and as Spark's tables.

The loader, its ledger and the fitted models work in DuckDB, file by file and month by month, on one
machine. What they wrote becomes files that every worker of a cluster reads: rows of exports one
file for each loaded file, written once; the small tables whole.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from dagster_project.settings import Settings
from dagster_project.sql_text import sql_literal, sql_name

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# Types that Spark calls otherwise; it has no unsigned ones and reads them so from Parquet.
_SPARK_TYPES = {
    "VARCHAR": "string",
    "INTEGER": "int",
    "UBIGINT": "decimal(20, 0)",
    "TIMESTAMP": "timestamp_ntz",
}
_BY_FILE = ("_batch_id", "_file_id")


@dataclass(frozen=True)
class Table:
    """A table of the work database that Spark reads.

    Attributes:
        schema, name: the same in both.
        columns: name and DuckDB type of each column.
    """

    schema: str
    name: str
    columns: tuple[tuple[str, str], ...]

    @property
    def is_by_file(self) -> bool:
        """Whether its rows belong to loaded files."""
        return {name for name, _ in self.columns}.issuperset(_BY_FILE)


def share_inputs(
    settings: Settings,
    spark: SparkSession,
    sources: Iterable[tuple[str, str]],
    say: Callable[[str], object] = lambda text: None,
) -> None:
    """Bring Spark's tables of the sources up to date with the work database.

    Args:
        settings: where both are.
        spark: the session that holds the tables.
        sources: schema and name of what dbt reads as sources. Personal columns are none of it.
        say: told how much was written.
    """
    written = 0
    with duckdb.connect(str(settings.work_db), config=settings.duckdb_config) as connection:
        tables = [table for source in sources if (table := _describe(connection, *source))]
        for table in tables:
            written += _write_files(connection, table, settings.lake_inputs_dir)
    for table in tables:
        _register(spark, table, _folder(settings.lake_inputs_dir, table))
    say(f"{written} files written to {settings.lake_inputs_dir} for {len(tables)} tables")


def spark_type(duckdb_type: str) -> str:
    """The type by which Spark reads a DuckDB column from Parquet."""
    return _SPARK_TYPES.get(duckdb_type, duckdb_type.lower())


def _describe(connection: duckdb.DuckDBPyConnection, schema: str, name: str) -> Table | None:
    columns = connection.execute(
        "select column_name, data_type from duckdb_columns() "
        "where schema_name = ? and table_name = ? order by column_index",
        [schema, name],
    ).fetchall()
    return Table(schema, name, tuple(columns)) if columns else None


def _folder(inputs: Path, table: Table) -> Path:
    return inputs / table.schema / table.name


def _write_files(connection: duckdb.DuckDBPyConnection, table: Table, inputs: Path) -> int:
    """Write what is missing and remove what the table has no more; returns files written."""
    folder = _folder(inputs, table)
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{sql_name(table.schema)}.{sql_name(table.name)}"
    if not table.is_by_file:
        _copy(connection, f"select * from {name}", folder / "all.parquet")
        return 1
    parts = {
        f"batch-{batch}-file-{file}-rows-{rows}.parquet": (batch, file)
        for batch, file, rows in connection.execute(
            f"select _batch_id, _file_id, count(*) from {name} group by all"
        ).fetchall()
    }
    known = {path.name for path in folder.glob("*.parquet")}
    for missing in sorted(parts.keys() - known):
        batch, file = parts[missing]
        rows = f"select * from {name} where _batch_id = {batch} and _file_id = {file}"
        _copy(connection, rows, folder / missing)
    for withdrawn in known - parts.keys():
        (folder / withdrawn).unlink()
    return len(parts.keys() - known)


def _copy(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    # Spark does not look at names that begin with an underscore.
    unfinished = path.with_name(f"_{path.name}.tmp")
    connection.execute(f"copy ({query}) to {sql_literal(unfinished)} (format parquet)")
    os.replace(unfinished, path)


def _register(spark: SparkSession, table: Table, folder: Path) -> None:
    """Have Spark know the table as it is now; its rows are the files."""
    spark.sql(f"create database if not exists {table.schema}")
    name = f"{table.schema}.{table.name}"
    columns = ", ".join(f"`{column}` {spark_type(kind)}" for column, kind in table.columns)
    spark.sql(f"drop table if exists {name}")
    spark.sql(f"create table {name} ({columns}) using parquet location '{folder.as_uri()}'")
