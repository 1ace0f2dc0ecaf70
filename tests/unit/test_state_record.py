"""The record of published labels: changes only, each date once, nothing of a backfill."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import duckdb
import pytest

from dagster_project.serving.state_record import (
    DIMENSIONS,
    ensure_record,
    erase_from_record,
    record_states,
)
from dagster_project.settings import Settings
from dagster_project.transformation.project import DBT_PROJECT_DIR

pytestmark = pytest.mark.engine

MONDAY, TUESDAY, WEDNESDAY = date(2024, 6, 3), date(2024, 6, 4), date(2024, 6, 5)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings.from_env({"WAREHOUSE_DIR": str(tmp_path)})
    settings.create_folders()
    return settings


def present(settings: Settings, day: date, segments: Iterable[tuple[str, str | None]]) -> None:
    """Let the models have labelled these customers for `day`."""
    labels = ", ".join(f"{name} varchar" for name in DIMENSIONS)
    with duckdb.connect(str(settings.work_db)) as connection:
        connection.execute("create schema if not exists intermediate")
        connection.execute(
            "create or replace table intermediate.int_customer_states "
            f"(snapshot_date date, customer_id varchar, {labels})"
        )
        for customer, segment in segments:
            connection.execute(
                "insert into intermediate.int_customer_states by name "
                "select ? as snapshot_date, ? as customer_id, ? as segment",
                [day, customer, segment],
            )


def recorded(settings: Settings) -> list[tuple[date, str, str | None]]:
    with duckdb.connect(str(settings.work_db)) as connection:
        return connection.execute(
            "select as_of_date, customer_id, segment from audit.published_states order by all"
        ).fetchall()


def test_only_changes_are_written(settings: Settings) -> None:
    present(settings, MONDAY, [("a", "New"), ("b", "New")])
    assert record_states(settings, MONDAY) == 2
    present(settings, TUESDAY, [("a", "New"), ("b", "Loyal")])
    assert record_states(settings, TUESDAY) == 1
    assert recorded(settings) == [
        (MONDAY, "a", "New"),
        (MONDAY, "b", "New"),
        (TUESDAY, "b", "Loyal"),
    ]


def test_a_date_again_replaces_what_was_recorded_of_it(settings: Settings) -> None:
    present(settings, MONDAY, [("a", "New")])
    record_states(settings, MONDAY)
    for segment in ("Loyal", "New"):
        present(settings, TUESDAY, [("a", segment)])
        record_states(settings, TUESDAY)
    assert recorded(settings) == [(MONDAY, "a", "New")]


def test_who_is_gone_loses_the_labels_and_who_returns_gets_them_again(settings: Settings) -> None:
    present(settings, MONDAY, [("a", "New")])
    record_states(settings, MONDAY)
    present(settings, TUESDAY, [])
    record_states(settings, TUESDAY)
    present(settings, WEDNESDAY, [("a", "New")])
    record_states(settings, WEDNESDAY)
    assert recorded(settings) == [
        (MONDAY, "a", "New"),
        (TUESDAY, "a", None),
        (WEDNESDAY, "a", "New"),
    ]


def test_an_earlier_date_is_a_backfill_and_changes_nothing(settings: Settings) -> None:
    present(settings, TUESDAY, [("a", "New")])
    record_states(settings, TUESDAY)
    present(settings, MONDAY, [("a", "Loyal"), ("b", "New")])
    assert record_states(settings, MONDAY) == 0
    assert recorded(settings) == [(TUESDAY, "a", "New")]


def test_an_erased_customer_is_erased_from_every_night(settings: Settings) -> None:
    for day, segment in ((MONDAY, "New"), (TUESDAY, "Loyal")):
        present(settings, day, [("a", segment), ("b", "New")])
        record_states(settings, day)
    with duckdb.connect(str(settings.work_db)) as connection:
        erase_from_record(connection, ["a"])
    assert recorded(settings) == [(MONDAY, "b", "New")]


def test_a_label_that_came_later_gets_its_column(settings: Settings) -> None:
    with duckdb.connect(str(settings.work_db)) as connection:
        ensure_record(connection)
        connection.execute(f"alter table audit.published_states drop column {DIMENSIONS[-1]}")
        ensure_record(connection)
        columns = [
            row[0] for row in connection.execute("describe audit.published_states").fetchall()
        ]
    assert columns == ["as_of_date", "customer_id", *DIMENSIONS]


def test_dbt_gives_a_history_to_the_same_labels() -> None:
    macro = (DBT_PROJECT_DIR / "macros" / "scoring.sql").read_text(encoding="utf-8")
    listed = re.search(r"macro state_dimensions\(\) %}\s*{{ return\(\[(.*?)\]\)", macro, re.DOTALL)
    assert listed is not None
    assert tuple(re.findall(r"'(\w+)'", listed.group(1))) == DIMENSIONS
