"""The memory limit and the folder for what does not fit reach every connection with heavy work."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlalchemy as sa

from dagster_project.ingestion.loader import open_work_database
from dagster_project.quality.gx_duckdb import open_session
from dagster_project.serving import publish, state_record
from dagster_project.settings import DBT_PROJECT_DIR, Settings, SettingsError

_SHOWN = "select current_setting('memory_limit'), current_setting('temp_directory')"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings.from_env(
        {
            "WAREHOUSE_DIR": str(tmp_path / "warehouse"),
            "DUCKDB_MEMORY_LIMIT": "128MiB",
            "DUCKDB_TEMP_DIR": str(tmp_path / "spill"),
            "PSEUDONYM_KEY": "a secret of the tests",
        }
    )
    settings.create_folders()
    return settings


def expected(settings: Settings) -> tuple[str, str]:
    return "128.0 MiB", str(settings.spill_dir)


def test_defaults_are_half_of_the_memory_beside_the_work_database(tmp_path: Path) -> None:
    settings = Settings.from_env({"WAREHOUSE_DIR": str(tmp_path)})
    assert settings.spill_dir == settings.work_dir / "tmp"
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert 0 < int(settings.duckdb_memory_limit.removesuffix("MiB")) * 2**20 <= machine / 2


@pytest.mark.parametrize("wrong", ["4", "four GB", "50%", "-1GB"])
def test_a_size_that_duckdb_would_not_take_is_named(wrong: str) -> None:
    with pytest.raises(SettingsError, match="DUCKDB_MEMORY_LIMIT"):
        Settings.from_env({"DUCKDB_MEMORY_LIMIT": wrong})


def test_the_loader(settings: Settings) -> None:
    with open_work_database(settings) as connection:
        assert connection.execute(_SHOWN).fetchone() == expected(settings)


def test_the_gates(settings: Settings) -> None:
    duckdb.connect(str(settings.work_db)).close()
    with open_session(settings.work_db, settings.duckdb_config) as session:
        assert tuple(session.engine.execute_query(sa.text(_SHOWN)).one()) == expected(settings)


def test_publishing_and_the_record_of_states(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[tuple[str, str] | None] = []
    genuine = duckdb.connect

    def connect(*args: Any, **kwargs: Any) -> duckdb.DuckDBPyConnection:
        connection = genuine(*args, **kwargs)
        opened.append(connection.execute(_SHOWN).fetchone())
        return connection

    with genuine(str(settings.work_db)) as connection:
        connection.execute("create schema marts")
        connection.execute("create schema intermediate")
        connection.execute(
            "create table marts.mart_status as select date '2026-01-01' as as_of_date"
        )
        labels = ", ".join(f"null::varchar as {name}" for name in state_record.DIMENSIONS)
        connection.execute(
            "create table intermediate.int_customer_states as "
            f"select 'c' as customer_id, date '2026-01-01' as snapshot_date, {labels}"
        )
    monkeypatch.setattr(duckdb, "connect", connect)
    table = publish.PublishedTable("mart_status", depends_on_as_of=True)
    for _ in range(2):  # the second time there are published tables to compare with
        publication = publish.publish(settings, [table], as_history=True)
    assert publication.as_of_date is not None
    state_record.record_states(settings, publication.as_of_date)
    assert len(opened) == 10
    assert set(opened) == {expected(settings)}


def test_dbt(settings: Settings, tmp_path: Path) -> None:
    """dbt opens its connection with the profile of the project."""
    project = tmp_path / "project"
    project.mkdir()
    (project / "dbt_project.yml").write_text("name: empty\nprofile: customer_analytics\n")
    settings.export()
    done = subprocess.run(
        [
            Path(sys.executable).with_name("dbt"),
            *("--quiet", "show", "--inline", _SHOWN, "--output", "json"),
            *("--project-dir", str(project), "--profiles-dir", str(DBT_PROJECT_DIR)),
        ],
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=True,
    )
    (row,) = json.loads(done.stdout)["show"]
    assert tuple(row.values()) == expected(settings)


def test_what_does_not_fit_is_spilled_and_the_work_is_done(settings: Settings) -> None:
    left = settings.spill_dir / "duckdb_temp_storage_left_by_a_killed_run.tmp"
    left.parent.mkdir()
    left.write_text("")
    with open_work_database(settings) as connection:
        assert not left.exists()
        # Several times the limit.
        connection.execute(
            "create temp table sorted as "
            "select i, md5(i::varchar) as text from range(8_000_000) as r(i) order by text"
        )
        spilled = connection.execute("select sum(size) from duckdb_temporary_files()").fetchone()
        counted = connection.execute("select count(*), max(i) from sorted").fetchone()
    assert spilled is not None and spilled[0] > 50_000_000
    assert counted == (8_000_000, 7_999_999)
