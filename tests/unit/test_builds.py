"""When new files say it all, and when everything has to be built again."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest

from dagster_project.ingestion.ledger import Entry, insert
from dagster_project.ingestion.tables import INGESTED_FILES
from dagster_project.settings import Settings
from dagster_project.transformation.builds import (
    Landed,
    LastBuild,
    build_everything_next,
    complete_build,
    decides_about_tables,
    ensure_builds,
    plan_build,
    why_everything,
)

LAST = LastBuild(
    epoch=3,
    batch_id=7,
    as_of_date=date(2024, 6, 30),
    files=2,
    decided_by="these rules",
    is_rebuilding=False,
)
LANDED = Landed(
    known_files=2,
    new_entities=frozenset({"orders", "order_lines", "refunds"}),
    last_order_date=date(2024, 6, 30),
)


def why(
    last: LastBuild = LAST,
    landed: Landed = LANDED,
    decided_by: str = "these rules",
    as_of: str = "latest",
) -> str | None:
    return why_everything(last, landed, decided_by, as_of)


def test_new_files_of_orders_say_it_all() -> None:
    assert why() is None
    assert why(as_of="2024-06-30") is None
    assert why(as_of="2024-07-01") is None


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ({"last": replace(LAST, batch_id=None)}, "nothing was ever published"),
        ({"last": replace(LAST, is_rebuilding=True)}, "not published"),
        ({"decided_by": "other rules"}, "changed"),
        ({"landed": replace(LANDED, known_files=1)}, "replaced or withdrawn"),
        (
            {"landed": replace(LANDED, new_entities=frozenset({"orders", "products"}))},
            "files of products",
        ),
        ({"as_of": "2024-06-29"}, "before the last as-of date"),
        # The last build was for a day after the last order: the latest day lies before it.
        ({"last": replace(LAST, as_of_date=date(2024, 7, 2))}, "before the last as-of date"),
        ({"landed": replace(LANDED, last_order_date=None)}, "before the last as-of date"),
    ],
)
def test_everything_else_builds_everything(reason: dict[str, object], said: str) -> None:
    assert said in (why(**reason) or "")  # type: ignore[arg-type]


def entry(file_id: int, batch_id: int, format_: str, status: str = "loaded") -> Entry:
    now = datetime(2024, 7, 1)
    return Entry(
        file_id, batch_id, "own", f"{file_id}.csv", str(file_id), 1, 1, 0, 0,
        format_, "utf-8", None, now, now, status, None,
    )  # fmt: skip


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings.from_env({"WAREHOUSE_DIR": str(tmp_path)})
    settings.create_folders()
    columns = ", ".join(f"{name} {type_}" for name, type_ in INGESTED_FILES)
    with duckdb.connect(str(settings.work_db)) as connection:
        connection.execute(
            f"create schema raw; create table raw.ingested_files ({columns});"
            "create schema intermediate;"
            "create table intermediate.int_as_of as select date '2024-06-30' as as_of_date;"
            "create table intermediate.int_data_range as "
            "select date '2024-06-30' as last_order_date"
        )
        insert(connection, entry(1, 1, "taobao_orders, taobao_order_lines"))
    return settings


def add(settings: Settings, new: Entry) -> None:
    with duckdb.connect(str(settings.work_db)) as connection:
        insert(connection, new)


def plan(settings: Settings) -> str | None:
    return plan_build(settings, "these rules", "latest")


def test_a_build_counts_once_it_was_published(settings: Settings) -> None:
    assert "nothing was ever published" in (plan(settings) or "")
    complete_build(settings, "these rules")
    assert plan(settings) is None
    add(settings, entry(2, 2, "taobao_refunds"))
    assert plan(settings) is None
    # Killed here: the next run has the same to do.
    add(settings, entry(3, 3, "mapped_orders"))
    assert plan(settings) is None
    complete_build(settings, "these rules")
    with duckdb.connect(str(settings.work_db)) as connection:
        row = connection.execute("select epoch, batch_id, files, as_of_date from audit.builds")
        assert row.fetchone() == (2, 3, 3, date(2024, 6, 30))


def test_a_file_of_something_else_and_one_that_is_gone(settings: Settings) -> None:
    complete_after_first(settings)
    add(settings, entry(2, 2, "mapped_products"))
    assert plan(settings) == "files of products came"
    complete_build(settings, "these rules")
    assert plan(settings) is None
    with duckdb.connect(str(settings.work_db)) as connection:
        connection.execute("update raw.ingested_files set status = 'replaced' where file_id = 1")
    assert plan(settings) == "a file was replaced or withdrawn"


def test_everything_can_be_asked_for(settings: Settings) -> None:
    complete_after_first(settings)
    with duckdb.connect(str(settings.work_db)) as connection:
        build_everything_next(connection)
    assert "asked for" in (plan(settings) or "")
    complete_build(settings, "these rules")
    assert plan(settings) is None


def complete_after_first(settings: Settings) -> None:
    with duckdb.connect(str(settings.work_db)) as connection:
        ensure_builds(connection)
    complete_build(settings, "these rules")


def test_the_date_decides_nothing_about_the_rest(tmp_path: Path) -> None:
    settings = Settings.from_env({"WAREHOUSE_DIR": str(tmp_path)})
    dated = replace(settings, as_of_date=date(2024, 6, 30))
    assert decides_about_tables(settings) == decides_about_tables(dated)
    loose = replace(settings, identity_rule="loose")
    assert decides_about_tables(settings) != decides_about_tables(loose)
