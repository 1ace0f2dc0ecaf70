"""As-of dates from the environment and from a partition; history never turns the marts back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import duckdb

from dagster_project import last_run
from tests.pipeline.conftest import Warehouse
from tests.pipeline.exports import (
    REPORT_HEADER,
    TAOBAO_ORDER_HEADER,
    as_csv,
    report_rows,
    taobao_order,
    write_text,
)


def test_a_history_is_kept_and_does_not_replace_later_marts(
    new_warehouse: Callable[..., Warehouse],
) -> None:
    warehouse = new_warehouse(AS_OF_DATE="2024-03-31")
    orders = [
        taobao_order("1", "甲", "10", "2024-01-01 10:00:00"),
        taobao_order("2", "甲", "20", "2024-02-01 10:00:00"),
        taobao_order("3", "乙", "40", "2024-03-01 10:00:00"),
    ]
    write_text(warehouse.landing / "orders.csv", as_csv(TAOBAO_ORDER_HEADER, orders))

    assert warehouse.nightly().success
    assert warehouse.value("select distinct as_of_date from mart_status") == date(2024, 3, 31)
    assert warehouse.rows("select frequency, recency_days from customer_rfm order by all") == [
        (1, 30),
        (2, 59),
    ]
    before = warehouse.hashes()

    # The partition wins over AS_OF_DATE, and its marts know nothing of later orders.
    assert warehouse.nightly(partition="2024-02-15").success
    assert warehouse.hashes() == before
    kept = warehouse.settings.history_dir / "as_of_date=2024-02-15"
    assert duckdb.sql(
        f"select as_of_date, frequency, recency_days from '{kept}/customer_rfm.parquet'"
    ).fetchall() == [(date(2024, 2, 15), 2, 14)]
    assert duckdb.sql(f"select max(date) from '{kept}/growth_daily.parquet'").fetchall() == [
        (date(2024, 2, 15),)
    ]

    # A later partition moves the published marts on.
    assert warehouse.nightly(partition="2024-04-30").success
    assert warehouse.value("select distinct as_of_date from mart_status") == date(2024, 4, 30)


def test_an_empty_landing_folder_gives_empty_marts(
    new_warehouse: Callable[..., Warehouse],
) -> None:
    warehouse = new_warehouse()
    assert warehouse.nightly().success
    assert warehouse.value("select count(*) from fct_orders") == 0
    assert warehouse.value("select missing_inputs from mart_status where mart = 'fct_orders'") == (
        "orders"
    )


def test_changed_file_replaces_its_rows_and_removed_file_keeps_them(
    new_warehouse: Callable[..., Warehouse],
) -> None:
    warehouse = new_warehouse().making("fct_orders", "ingested_files")
    rows = report_rows()
    path = write_text(warehouse.landing / "report.csv", as_csv(REPORT_HEADER, rows))
    assert warehouse.nightly().success
    assert warehouse.value("select count(*) from fct_orders") == 60

    write_text(path, as_csv(REPORT_HEADER, rows[:50]))
    assert warehouse.nightly().success
    assert warehouse.value("select count(*) from fct_orders") == 50
    assert warehouse.rows("select status, rows from ingested_files order by file_id") == [
        ("replaced", 60),
        ("loaded", 50),
    ]

    path.unlink()
    last_run.give_up(warehouse.settings)  # alone no reason to build, but it must hold then too
    assert warehouse.nightly().success
    assert warehouse.value("select count(*) from fct_orders") == 50
