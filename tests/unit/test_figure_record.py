"""The record of watched figures: each date once, nothing of a backfill, all of it or nothing."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest

from dagster_project.serving.figure_record import ensure_figures, record_figures
from dagster_project.settings import Settings

pytestmark = pytest.mark.engine

MONDAY, TUESDAY = date(2024, 6, 3), date(2024, 6, 4)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings.from_env({"WAREHOUSE_DIR": str(tmp_path)})
    settings.create_folders()
    return settings


def tonight(settings: Settings, day: date, figures: dict[str, float | None]) -> None:
    """Let the models have found these rows of marts for `day`."""
    with duckdb.connect(str(settings.work_db)) as connection:
        connection.execute("create schema if not exists intermediate")
        connection.execute(
            "create or replace table intermediate.int_figures_tonight (as_of_date date, "
            "measure varchar, subject varchar, part varchar, value double, base bigint)"
        )
        for subject, value in figures.items():
            connection.execute(
                "insert into intermediate.int_figures_tonight values (?, 'mart_rows', ?, '', ?, 1)",
                [day, subject, value],
            )


def recorded(settings: Settings) -> list[tuple[date, str, float]]:
    with duckdb.connect(str(settings.work_db)) as connection:
        return connection.execute(
            "select as_of_date, subject, value from audit.published_figures order by all"
        ).fetchall()


def test_each_night_is_kept(settings: Settings) -> None:
    tonight(settings, MONDAY, {"a": 10, "b": 20})
    assert record_figures(settings, MONDAY) == 2
    tonight(settings, TUESDAY, {"a": 11})
    assert record_figures(settings, TUESDAY) == 1
    assert recorded(settings) == [(MONDAY, "a", 10), (MONDAY, "b", 20), (TUESDAY, "a", 11)]


def test_a_night_again_replaces_what_was_recorded_of_it(settings: Settings) -> None:
    tonight(settings, MONDAY, {"a": 10, "b": 20})
    record_figures(settings, MONDAY)
    tonight(settings, MONDAY, {"a": 12})
    record_figures(settings, MONDAY)
    record_figures(settings, MONDAY)
    assert recorded(settings) == [(MONDAY, "a", 12)]


def test_an_earlier_date_is_a_backfill_and_changes_nothing(settings: Settings) -> None:
    tonight(settings, TUESDAY, {"a": 10})
    record_figures(settings, TUESDAY)
    tonight(settings, MONDAY, {"a": 1})
    assert record_figures(settings, MONDAY) == 0
    assert recorded(settings) == [(TUESDAY, "a", 10)]


def test_a_figure_that_does_not_exist_is_left_out(settings: Settings) -> None:
    tonight(settings, MONDAY, {"a": None, "b": 20})
    assert record_figures(settings, MONDAY) == 1
    assert recorded(settings) == [(MONDAY, "b", 20)]


def test_a_failure_leaves_the_night_as_it_was(settings: Settings) -> None:
    tonight(settings, MONDAY, {"a": 10})
    record_figures(settings, MONDAY)
    tonight(settings, MONDAY, {"b": 20})
    with duckdb.connect(str(settings.work_db)) as connection:
        connection.execute("alter table intermediate.int_figures_tonight drop column base")
    with pytest.raises(duckdb.Error):
        record_figures(settings, MONDAY)
    assert recorded(settings) == [(MONDAY, "a", 10)]


def test_dbt_can_read_it_before_anything_was_published(settings: Settings) -> None:
    with duckdb.connect(str(settings.work_db)) as connection:
        ensure_figures(connection)
        ensure_figures(connection)
    assert recorded(settings) == []
