"""Daily exports that overlap, correct each other, come late or again: the facts of each day."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import duckdb
import pytest

from tests.pipeline.conftest import Warehouse
from tests.pipeline.exports import (
    TAOBAO_ORDER_HEADER,
    TAOBAO_REFUND_HEADER,
    Row,
    as_csv,
    taobao_order,
    taobao_refund,
    write_text,
)

DAY_1 = "ExportOrderList20240302000000.csv"
DAY_2 = "ExportOrderList20240303000000.csv"
REFUNDS = "refunds.csv"
OLD = "again/ExportOrderList20240301120000.csv"


def drop(shop: Warehouse, name: str, *rows: Row) -> None:
    write_text(shop.landing / name, as_csv(TAOBAO_ORDER_HEADER, rows), "gb18030")


def order(number: str, total: str, at: str, **other: str) -> Row:
    return taobao_order(number, f"买家{number}", total, f"2024-03-{at}:00", **other)


def states(shop: Warehouse) -> dict[str, list[object]]:
    rows = shop.rows("select order_id, status, gross_amount, net_amount from fct_orders")
    return {number: rest for number, *rest in rows}


def bridge(shop: Warehouse) -> dict[tuple[str, str], tuple[int, Decimal]]:
    rows = shop.rows("select source_file, step, rows, amount from gmv_bridge")
    return {(file, step): (count, amount) for file, step, count, amount in rows}


@pytest.fixture(scope="module")
def shop(new_warehouse: Callable[..., Warehouse]) -> Warehouse:
    """Three mornings: the first export, the next day's, an old one found with late refunds."""
    warehouse = new_warehouse()
    early = warehouse.making("fct_orders", "gmv_bridge", "restatements")
    drop(
        warehouse,
        DAY_1,
        order("1", "100.00", "01 09:00", status="等待买家付款", paid="0", paid_at=""),
        order("2", "200.00", "01 10:00", status="卖家已发货，等待买家确认"),
    )
    assert early.nightly().success
    drop(
        warehouse,
        DAY_2,
        order("1", "100.00", "01 09:00"),  # paid meanwhile
        order("2", "180.00", "01 10:00", paid="180.00"),  # the price was changed
        order("3", "30.00", "01 23:59"),  # of yesterday, exported too late
        order("4", "40.00", "02 09:00"),
    )
    assert early.nightly().success
    drop(
        warehouse,
        OLD,
        order("2", "250.00", "01 10:00", status="等待买家付款", paid="0", paid_at=""),
        order("5", "50.00", "01 08:00"),
    )
    refunds = [
        taobao_refund("R1", "4", "15.00"),
        taobao_refund("R2", "3", "9.00", status="退款关闭"),
    ]
    write_text(warehouse.landing / REFUNDS, as_csv(TAOBAO_REFUND_HEADER, refunds))
    assert warehouse.nightly(data_tests=True).success
    return warehouse


def test_the_export_made_last_wins_whatever_was_loaded_last(shop: Warehouse) -> None:
    assert states(shop) == {
        "1": ["completed", Decimal(100), Decimal(100)],
        "2": ["completed", Decimal(180), Decimal(180)],
        "3": ["completed", Decimal(30), Decimal(30)],
        "4": ["partially_refunded", Decimal(40), Decimal(25)],
        "5": ["completed", Decimal(50), Decimal(50)],
    }


def test_the_bridge_shows_what_each_file_lost_to_a_newer_one(shop: Warehouse) -> None:
    steps = bridge(shop)
    assert steps[DAY_1, "raw"] == (2, 300)
    assert steps[DAY_1, "superseded"] == (-2, -300)
    assert steps[DAY_1, "kept"] == (0, 0)
    assert steps[DAY_2, "refunded"] == (0, -15)
    assert steps[DAY_2, "net_revenue"] == (4, 350 - 15)
    assert steps[OLD, "superseded"] == (-1, -250)
    assert steps[OLD, "net_revenue"] == (1, 50)


def test_each_restated_day_says_by_which_file_and_how_much(shop: Warehouse) -> None:
    found = shop.rows(
        "select source_file, cause, order_date::varchar, orders, amount_before, amount_after, "
        "difference from restatements order by all"
    )
    assert found == [
        (DAY_2, "late_order", "2024-03-01", 1, 0, 30, 30),
        (DAY_2, "newer_export", "2024-03-01", 2, 300, 280, -20),
        (OLD, "late_order", "2024-03-01", 1, 0, 50, 50),
        (REFUNDS, "late_refund", "2024-03-02", 1, 0, -15, -15),
    ]


def test_files_removed_renamed_sent_again_and_mended(shop: Warehouse) -> None:
    before = shop.hashes()
    # A file that left the landing folder keeps its rows; sent again or renamed it changes nothing.
    content = (shop.landing / DAY_2).read_bytes()
    (shop.landing / DAY_2).unlink()
    (shop.landing / DAY_1).rename(shop.landing / "renamed.csv")
    (shop.landing / "sent-again.csv").write_bytes(content)
    assert shop.nightly().success
    assert shop.hashes() == before
    # Mended under its own name, its rows replace the old ones.
    drop(shop, OLD, order("5", "55.00", "01 08:00"))
    assert shop.nightly().success
    assert states(shop)["5"] == ["completed", Decimal(55), Decimal(55)]
    assert "2" in states(shop)
    assert bridge(shop)[OLD, "raw"] == (1, 55)
    assert shop.rows("select distinct freshness, late_sources from mart_status") == [
        ("fresh", None)
    ]


def test_marts_say_when_no_file_came_for_long(shop: Warehouse) -> None:
    for hours, expected in ((40, "late"), (70, "stale")):
        with duckdb.connect(str(shop.settings.work_db)) as connection:
            connection.execute(
                "update marts.ingested_files set "
                f"loaded_at = cast(now() at time zone 'UTC' as timestamp) - interval {hours} hours"
            )
        shop.dbt("run", "--select", "mart_status")
        with duckdb.connect(str(shop.settings.work_db), read_only=True) as connection:
            found = connection.execute(
                "select distinct freshness, late_sources from marts.mart_status"
            ).fetchall()
        assert found == [(expected, "taobao")]
