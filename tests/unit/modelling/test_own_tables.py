"""`prepare` gives a new warehouse every table that dbt reads, and leaves an old one alone."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
import yaml

from dagster_project.cli import main
from dagster_project.settings import DBT_PROJECT_DIR


def test_a_new_warehouse_has_every_source_of_dbt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAREHOUSE_DIR", str(tmp_path))
    assert main(["prepare"]) == 0
    with duckdb.connect(str(tmp_path / "work" / "warehouse.duckdb"), read_only=True) as connection:
        there = set(
            connection.execute("select schema_name, table_name from duckdb_tables()").fetchall()
        )
    sources = [
        (source["schema"], table["name"])
        for path in (DBT_PROJECT_DIR / "models").rglob("_sources.yml")
        for source in yaml.safe_load(path.read_text(encoding="utf-8"))["sources"]
        for table in source["tables"]
    ]
    assert len(sources) > 30
    assert set(sources) <= there


def test_a_warehouse_with_a_database_is_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A night with nothing new knows its work database by its times."""
    monkeypatch.setenv("WAREHOUSE_DIR", str(tmp_path))
    (tmp_path / "work").mkdir()
    database = tmp_path / "work" / "warehouse.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute("create table something (x bigint)")
    before = database.stat()
    assert main(["prepare"]) == 0
    after = database.stat()
    assert (before.st_mtime_ns, before.st_ctime_ns) == (after.st_mtime_ns, after.st_ctime_ns)
