"""Spark's tables as views of the work database, for whatever reads them there.

Fitting, publishing and the pages work in DuckDB, which reads the Parquet files of Spark's tables as
they are: nothing is copied, and only the columns asked for are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from dagster_project.settings import Settings
from dagster_project.sql_text import sql_literal, sql_name

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Node = Mapping[str, Any]

_TABLES = {"table", "incremental", "seed"}


def mirror_tables(settings: Settings, manifest: Mapping[str, Any]) -> int:
    """Show every table that dbt has built on Spark; returns how many.

    Descriptions of tables and columns come with them, as dbt writes them on DuckDB.

    Args:
        settings: where the work database and the lake are.
        manifest: dbt's.
    """
    built = 0
    with duckdb.connect(str(settings.work_db)) as connection:
        for node in _nodes(manifest, _TABLES):
            folder = settings.lake_tables_dir / f"{node['schema']}.db" / node["name"]
            if any(folder.glob("*.parquet")):
                _show(connection, node, _all_rows(folder))
                built += 1
    return built


def mirror_views(
    settings: Settings,
    spark: SparkSession,
    manifest: Mapping[str, Any],
    compiled: Path,
    wanted: set[str],
) -> int:
    """Show the views that are read outside Spark; returns how many.

    A view on sources alone reads the work database's own tables, and stays a view on them: the
    gates go on writing there. Others are written as files, because their SQL is Spark's.

    Args:
        settings: where the work database and the lake are.
        spark: the session that knows the views.
        manifest: dbt's.
        compiled: folder of the SQL that dbt ran.
        wanted: `schema.name` of the views.
    """
    chosen = [
        (node, compiled / node["original_file_path"])
        for node in _nodes(manifest, {"view"})
        if f"{node['schema']}.{node['name']}" in wanted
    ]
    # Those of dbt's other set were compiled in another folder.
    chosen = [(node, path) for node, path in chosen if path.is_file()]
    queries = {}
    for node, path in chosen:
        if all(parent.startswith("source.") for parent in node["depends_on"]["nodes"]):
            queries[node["name"]] = path.read_text(encoding="utf-8")
        else:
            folder = settings.lake_views_dir / f"{node['schema']}.db" / node["name"]
            rows = spark.table(f"{node['schema']}.{node['name']}")
            rows.write.mode("overwrite").parquet(folder.as_uri())
            queries[node["name"]] = _all_rows(folder)
    with duckdb.connect(str(settings.work_db)) as connection:
        for node, _ in chosen:
            _show(connection, node, queries[node["name"]])
    return len(chosen)


def remove_mirror(settings: Settings) -> int:
    """Take away what shows Spark's tables, after a move back; returns how many views that were.

    dbt loads no seed into what is a view. Views of Parquet files are ours: dbt makes none.

    Args:
        settings: where the work database is.
    """
    with duckdb.connect(str(settings.work_db)) as connection:
        views = connection.execute(
            "select schema_name, view_name from duckdb_views() "
            "where database_name = current_database() and contains(sql, 'read_parquet(')"
        ).fetchall()
        for schema, name in views:
            connection.execute(f"drop view {sql_name(schema)}.{sql_name(name)}")
    return len(views)


def _nodes(manifest: Mapping[str, Any], materialized: set[str]) -> Iterator[Node]:
    for node in manifest["nodes"].values():
        is_data = node["resource_type"] in ("model", "seed")
        if is_data and node["config"]["materialized"] in materialized:
            yield node


def _all_rows(folder: Path) -> str:
    return f"select * from read_parquet({sql_literal(folder / '*.parquet')})"


def _show(connection: duckdb.DuckDBPyConnection, node: Node, query: str) -> None:
    schema, name = sql_name(node["schema"]), sql_name(node["name"])
    connection.execute(f"create schema if not exists {schema}")
    found = connection.execute(
        "select table_type from information_schema.tables "
        "where table_catalog = current_database() and table_schema = ? and table_name = ?",
        [node["schema"], node["name"]],
    ).fetchone()
    if found is not None and found[0] != "VIEW":  # built on DuckDB, before the move
        connection.execute(f"drop table {schema}.{name}")
    connection.execute(f"create or replace view {schema}.{name} as {query}")
    if not node["config"].get("persist_docs", {}).get("relation"):
        return
    connection.execute(f"comment on view {schema}.{name} is {sql_literal(node['description'])}")
    for column in node["columns"].values():
        connection.execute(
            f"comment on column {schema}.{name}.{sql_name(column['name'])} "
            f"is {sql_literal(column['description'])}"
        )
