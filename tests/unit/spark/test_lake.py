"""What goes to Spark as files and what is shown of its tables, with files of DuckDB's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from dagster_project.settings import Settings
from dagster_project.spark.inputs import share_inputs, spark_type
from dagster_project.spark.mirror import mirror_tables, mirror_views, remove_mirror

SOURCES = [("raw", "orders"), ("raw", "ledger"), ("raw", "never_loaded")]


class Spark:
    """Takes down what it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def sql(self, query: str) -> None:
        self.asked.append(query)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings.from_env({"WAREHOUSE_DIR": str(tmp_path), "DBT_TARGET": "spark_local"})
    made.create_folders()
    with duckdb.connect(str(made.work_db)) as connection:
        connection.execute(
            "create schema raw; "
            "create table raw.orders (_batch_id bigint, _file_id bigint, _row_hash ubigint, "
            "name varchar, amount decimal(18, 2), moment timestamp); "
            "insert into raw.orders values (1, 7, 18446744073709551615, '张三', 1.50, null), "
            "(1, 8, 1, 'b', 2, '2024-01-01 10:00:00'); "
            "create table raw.ledger (file_id bigint); insert into raw.ledger values (7), (8)"
        )
    return made


def files(settings: Settings, table: str) -> dict[str, int]:
    found = (settings.lake_inputs_dir / "raw" / table).iterdir()
    return {path.name: path.stat().st_mtime_ns for path in found}


def share(settings: Settings) -> list[str]:
    spark = Spark()
    share_inputs(settings, spark, SOURCES)  # type: ignore[arg-type]
    return spark.asked


def test_rows_of_a_file_are_written_once_and_go_with_it(settings: Settings) -> None:
    share(settings)
    before = files(settings, "orders")
    assert set(before) == {
        "batch-1-file-7-rows-1.parquet",
        "batch-1-file-8-rows-1.parquet",
    }
    with duckdb.connect(str(settings.work_db)) as connection:
        # File 7 is withdrawn, 8 loaded again with a row more.
        connection.execute(
            "delete from raw.orders; insert into raw.orders (_batch_id, _file_id) "
            "values (2, 8), (2, 8), (2, 9)"
        )
    share(settings)
    assert set(files(settings, "orders")) == {
        "batch-2-file-8-rows-2.parquet",
        "batch-2-file-9-rows-1.parquet",
    }
    kept = files(settings, "orders")
    share(settings)
    assert files(settings, "orders") == kept


def test_the_files_hold_the_rows_of_the_work_database(settings: Settings) -> None:
    share(settings)
    with duckdb.connect(str(settings.work_db), read_only=True) as connection:
        for table in ("orders", "ledger"):
            folder = settings.lake_inputs_dir / "raw" / table
            assert (
                connection.execute(f"from read_parquet('{folder}/*.parquet') order by all")
                .fetchall()
                == connection.execute(f"from raw.{table} order by all").fetchall()
            )  # fmt: skip


def test_spark_is_told_the_columns_and_their_types(settings: Settings) -> None:
    (orders,) = [query for query in share(settings) if "create table raw.orders" in query]
    for column in (
        "`_row_hash` decimal(20, 0)",
        "`name` string",
        "`amount` decimal(18,2)",
        "`moment` timestamp_ntz",
    ):
        assert column in orders
    assert not [query for query in share(settings) if "never_loaded" in query]


def test_every_type_of_the_loader_has_one_in_spark() -> None:
    from dagster_project.ingestion.tables import definitions

    types = {kind for columns in definitions().values() for _, kind in columns}
    known = ("bigint", "string", "double", "boolean", "date", "timestamp_ntz", "decimal(")
    plain = {kind.replace(" PRIMARY KEY", "") for kind in types}
    assert {kind for kind in plain if not spark_type(kind).startswith(known)} == set()


def node(name: str, materialized: str, parents: list[str] | None = None) -> dict[str, Any]:
    return {
        "resource_type": "model",
        "schema": "marts",
        "name": name,
        "original_file_path": f"models/{name}.sql",
        "description": f"One row per thing of {name}.",
        "depends_on": {"nodes": parents or []},
        "columns": {"id": {"name": "id", "description": "The thing's id."}},
        "config": {"materialized": materialized, "persist_docs": {"relation": True}},
    }


def test_tables_and_views_stand_in_the_work_database_with_their_words(
    settings: Settings, tmp_path: Path
) -> None:
    folder = settings.lake_tables_dir / "marts.db" / "built"
    folder.mkdir(parents=True)
    duckdb.sql("select 1 as id").write_parquet(str(folder / "part-0.parquet"))
    compiled = tmp_path / "compiled"
    (compiled / "models").mkdir(parents=True)
    (compiled / "models" / "log.sql").write_text("select file_id as id from raw.ledger")
    manifest = {
        "nodes": {
            "a": node("built", "table"),
            "b": node("not_yet", "table"),
            "c": node("log", "view", ["source.shop.raw.ledger"]),
        }
    }
    with duckdb.connect(str(settings.work_db)) as connection:
        connection.execute("create schema marts; create table marts.built (old varchar)")
    assert mirror_tables(settings, manifest) == 1
    assert mirror_views(settings, None, manifest, compiled, {"marts.log"}) == 1  # type: ignore[arg-type]
    with duckdb.connect(str(settings.work_db)) as connection:
        assert connection.execute("from marts.built").fetchall() == [(1,)]
        assert connection.execute("from marts.log order by id").fetchall() == [(7,), (8,)]
        assert connection.execute(
            "select v.comment, c.comment from duckdb_views() as v join duckdb_columns() as c "
            "on v.view_name = c.table_name where view_name = 'built'"
        ).fetchall() == [("One row per thing of built.", "The thing's id.")]
    # Spark has built it anew, with another column.
    duckdb.sql("select 2 as id, 'x' as more").write_parquet(str(folder / "part-0.parquet"))
    mirror_tables(settings, manifest)
    with duckdb.connect(str(settings.work_db), read_only=True) as connection:
        assert connection.execute("from marts.built").fetchall() == [(2, "x")]
    # After a move back dbt finds the places empty; what is no picture of Spark's stays.
    assert remove_mirror(settings) == 1
    with duckdb.connect(str(settings.work_db), read_only=True) as connection:
        names = connection.execute("select view_name from duckdb_views() where not internal")
        assert names.fetchall() == [("log",)]
