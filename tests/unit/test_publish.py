"""Personal columns stay out of what is published, unless the owner allows them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import duckdb
import pytest
from rich.console import Console

from dagster_project.serving.publish import publish
from dagster_project.serving.summary import _WITHHELD, _print_withheld
from dagster_project.settings import Settings
from dagster_project.transformation.project import PublishedTable, published_tables

pytestmark = pytest.mark.engine


def node(name: str, columns: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {"resource_type": "model", "schema": "marts", "name": name, "columns": columns}


READ_PARQUET = "select * from read_parquet(?, hive_partitioning = false)"
MANIFEST = {
    "nodes": {
        "a": node("people", {"id": {}, "phone": {"config": {"meta": {"personal": True}}}}),
        "b": node("mart_status", {"as_of_date": {}}),
    }
}


@pytest.fixture
def work(tmp_path: Path) -> Path:
    Settings.from_env({"WAREHOUSE_DIR": str(tmp_path)}).create_folders()
    with duckdb.connect(str(tmp_path / "work" / "warehouse.duckdb")) as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.people as select 1 as id, '13712345678' as phone")
        connection.execute("comment on column marts.people.phone is 'how to reach them'")
        connection.execute("comment on column marts.people.id is 'whose row it is; 客户''s'")
        connection.execute("comment on table marts.people is 'One row per person.'")
        connection.execute(
            "create table marts.mart_status as select date '2024-01-01' as as_of_date"
        )
    return tmp_path


def published(settings: Settings) -> list[list[str]]:
    """Columns of table `people` in the database, in Parquet and in the history."""
    with duckdb.connect(str(settings.serving_db), read_only=True) as connection:
        found = [connection.execute("select * from marts.marts.people").description]
        files = [settings.parquet_dir / "people.parquet"]
        files += settings.history_dir.rglob("people.parquet")
        found += [connection.execute(READ_PARQUET, [str(file)]).description for file in files]
    return [[column[0] for column in columns] for columns in found]


def test_a_marked_column_is_left_out_and_the_summary_says_so(work: Path) -> None:
    settings = Settings.from_env({"WAREHOUSE_DIR": str(work)})
    tables = published_tables(MANIFEST)
    assert tables == (
        PublishedTable("mart_status", True),
        PublishedTable("people", False, ("phone",)),
    )
    # In the history too, were the table of a date.
    dated = [PublishedTable("people", True, ("phone",)), tables[0]]
    assert publish(settings, dated, as_history=True).withheld == ("people.phone",)
    assert published(settings) == [["id"], ["id"], ["id"]]
    with duckdb.connect(str(settings.work_db), read_only=True) as connection:
        connection.execute(f"attach '{settings.serving_db}' as published (read_only)")
        names = [name for (name,) in connection.execute(_WITHHELD).fetchall()]
    assert names == ["people.phone"]
    console = Console(file=io.StringIO(), width=200)
    _print_withheld(console, names)
    assert "people.phone" in console.file.getvalue()  # type: ignore[attr-defined]


def test_the_owner_may_allow_it(work: Path) -> None:
    settings = Settings.from_env({"WAREHOUSE_DIR": str(work), "PUBLISH_PERSONAL": "true"})
    publication = publish(settings, published_tables(MANIFEST), as_history=False)
    assert publication.withheld == ()
    assert published(settings) == [["id", "phone"], ["id", "phone"]]


def test_descriptions_travel_in_the_parquet_files_and_those_of_withheld_columns_do_not(
    work: Path,
) -> None:
    settings = Settings.from_env({"WAREHOUSE_DIR": str(work)})
    publish(settings, published_tables(MANIFEST), as_history=True)
    files = [settings.parquet_dir / "people.parquet"]
    with duckdb.connect() as connection:
        for file in files:
            found = connection.execute(
                "select decode(key), decode(value) from parquet_kv_metadata(?)", [str(file)]
            ).fetchall()
            assert dict(found) == {
                "description": "One row per person.",
                "columns": '{"id": "whose row it is; 客户\'s"}',
            }


@pytest.mark.parametrize("left", [b"", b"no database at all" * 1000])
def test_a_published_file_that_nobody_can_read_is_replaced_and_so_is_a_killed_runs(
    work: Path, left: bytes
) -> None:
    settings = Settings.from_env({"WAREHOUSE_DIR": str(work)})
    settings.serving_db.write_bytes(left)
    # An old log beside the scratch file must not be played into the new one.
    for suffix in (".tmp", ".tmp.wal"):
        settings.serving_db.with_name(settings.serving_db.name + suffix).write_bytes(b"left" * 999)
    publication = publish(settings, published_tables(MANIFEST), as_history=True)
    assert publication.replaced_current
    assert published(settings) == [["id"], ["id"]]
    assert [path.name for path in settings.serving_dir.glob("*.tmp*")] == []
