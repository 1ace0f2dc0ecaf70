"""The report form of an order export: paid amounts that are already net, in any file form."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pipeline.conftest import Warehouse
from tests.pipeline.exports import (
    REPORT_HEADER,
    as_csv,
    report_rows,
    shuffled,
    write_text,
    write_xlsx,
)


def _utf8(landing: Path) -> None:
    write_text(landing / "report.csv", as_csv(REPORT_HEADER, report_rows()))


def _gb18030(landing: Path) -> None:
    write_text(landing / "报表.csv", as_csv(REPORT_HEADER, report_rows()), "gb18030")


def _shuffled(landing: Path) -> None:
    header = [*shuffled(REPORT_HEADER), "多余的列"]
    write_text(landing / "x" / "shuffled.csv", as_csv(header, report_rows()), "utf-16")


def _xlsx(landing: Path) -> None:
    write_xlsx(landing / "report.xlsx", REPORT_HEADER, report_rows())


@pytest.fixture(scope="module")
def report_shop(new_warehouse: Callable[..., Warehouse]) -> Warehouse:
    warehouse = new_warehouse()
    _utf8(warehouse.landing)
    assert warehouse.nightly().success
    return warehouse


def test_paid_unpaid_and_refunded_orders(report_shop: Warehouse) -> None:
    states = dict(report_shop.rows("select status, count(*) from fct_orders group by status"))
    assert states == {"unpaid": 15, "refunded": 9, "partially_refunded": 5, "completed": 31}


def test_each_refund_counts_once(report_shop: Warehouse) -> None:
    paid = [50 + n for n in range(1, 46)]
    refunds = sum(50 + n for n in range(1, 10)) + 5 * 10
    assert report_shop.rows(
        "select sum(paid_amount), sum(refunded_amount), sum(net_amount) from fct_orders"
    ) == [(sum(paid), refunds, sum(paid) - refunds)]


def test_the_unpaid_giant_is_an_outlier_and_no_purchase(report_shop: Warehouse) -> None:
    assert report_shop.rows(
        "select is_outlier, is_purchase, net_amount from fct_orders where order_id = '60'"
    ) == [(True, False, 0)]


def test_marts_without_customers_are_empty_and_say_so(report_shop: Warehouse) -> None:
    assert report_shop.rows(
        "select rows, missing_inputs from mart_status where mart = 'customer_rfm'"
    ) == [(0, "customer_ids")]


@pytest.mark.parametrize("write", [_gb18030, _shuffled, _xlsx])
def test_other_forms_of_the_file_give_the_same_facts(
    write: Callable[[Path], None],
    report_shop: Warehouse,
    new_warehouse: Callable[..., Warehouse],
) -> None:
    facts = ("fct_orders", "fct_order_items", "dim_customers", "dim_products")
    other = new_warehouse().making(*facts, "gmv_bridge")
    write(other.landing)
    assert other.nightly().success
    ours, theirs = report_shop.hashes(), other.hashes()
    assert {table: theirs[table] for table in facts} == {table: ours[table] for table in facts}
    bridge = "select step_number, step, rows, amount from gmv_bridge order by all"
    assert other.rows(bridge) == report_shop.rows(bridge)
