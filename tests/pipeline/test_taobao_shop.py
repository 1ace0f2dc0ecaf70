"""A Taobao shop's exports with every trap, from the landing folder to the published marts."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import duckdb
import pytest

from dagster_project import last_run
from tests.pipeline.conftest import Warehouse, pseudonym
from tests.pipeline.exports import TAOBAO_ORDER_HEADER, as_csv, taobao_order, write_text

FILLERS = [
    taobao_order(f"F{n:02d}", f"filler{n:02d}", "10.00", f"2024-01-{n:02d} 12:00:00")
    for n in range(1, 31)
]
FIRST_EXPORT = [
    taobao_order('="1001"', "小明", "100.00", "2024-01-05 09:00:00"),
    taobao_order(
        "1002", "小明", "¥200.00", "2024-01-20 09:00:00", status="卖家已发货，等待买家确认"
    ),
    taobao_order("1003", "小红", "80元", "2024/01/06 09:00", paid="80", refund="30.00"),
    taobao_order(
        "1004", "小红", "50", "2024-01-07 09:00:00", paid="0", status="等待买家付款", paid_at="null"
    ),
    taobao_order(
        "1005",
        "小刚",
        "60",
        "2024-01-08 09:00:00",
        paid="0",
        status="交易关闭",
        close_reason="买家未付款",
        paid_at="",
    ),
    taobao_order(
        "1006",
        "小刚",
        "90",
        "2024-01-09 09:00:00",
        status="交易关闭",
        refund="90.00",
        close_reason="退款",
    ),
    taobao_order("1007", "小强", "500", "2024-01-10 09:00:00", memo="刷单，勿发货"),
    taobao_order("1.2E+18", "小丽", "33", "2024-01-11 09:00:00"),
    taobao_order("", "小丽", "44", "2024-01-12 09:00:00"),
    taobao_order('="1001"', "小明", "100.00", "2024-01-05 09:00:00"),
]
SECOND_EXPORT = [
    taobao_order("1001", "小明", "100.00", "2024-01-05 09:00:00"),
    taobao_order("1002", "小明", "200.00", "2024-01-20 09:00:00"),
    taobao_order("1010", "小红", "70.00", "2024-01-31 09:00:00"),
]


@pytest.fixture(scope="module")
def shop(new_warehouse: Callable[..., Warehouse]) -> Warehouse:
    warehouse = new_warehouse()
    write_text(
        warehouse.landing / "ExportOrderList1.csv",
        as_csv(TAOBAO_ORDER_HEADER, FIRST_EXPORT + FILLERS),
        "gb18030",
    )
    write_text(
        warehouse.landing / "later" / "ExportOrderList2.csv",
        as_csv(TAOBAO_ORDER_HEADER, SECOND_EXPORT),
        "utf-8-sig",
    )
    assert warehouse.nightly(data_tests=True).success
    return warehouse


def test_each_order_stands_once_with_its_newest_state(shop: Warehouse) -> None:
    found = shop.rows(
        "select order_id, status, is_purchase, gross_amount, paid_amount, refunded_amount, "
        "net_amount from fct_orders where order_id like '1%' order by order_id"
    )
    assert found == [
        ("1001", "completed", True, 100, 100, 0, 100),
        ("1002", "completed", True, 200, 200, 0, 200),
        ("1003", "partially_refunded", True, 80, 80, 30, 50),
        ("1004", "unpaid", False, 50, 0, 0, 0),
        ("1005", "cancelled", False, 60, 0, 0, 0),
        ("1006", "refunded", False, 90, 90, 90, 0),
        ("1010", "completed", True, 70, 70, 0, 70),
    ]


def test_every_removed_row_says_why(shop: Warehouse) -> None:
    found = shop.rows(
        "select source_file, row_number, disposition from row_dispositions order by all"
    )
    assert found == [
        ("ExportOrderList1.csv", 1, "file_overlap"),
        ("ExportOrderList1.csv", 2, "superseded"),
        ("ExportOrderList1.csv", 7, "brushed"),
        ("ExportOrderList1.csv", 8, "unreadable"),
        ("ExportOrderList1.csv", 9, "missing_key"),
        ("ExportOrderList1.csv", 10, "file_overlap"),
    ]
    reason = shop.value("select reason from row_dispositions where disposition = 'unreadable'")
    assert "1.2E+18" in reason


def test_bridge_leads_from_raw_money_to_net_revenue(shop: Warehouse) -> None:
    steps = dict(
        shop.rows(
            "select step, amount from gmv_bridge where source_file = 'ExportOrderList1.csv' "
            "and amount <> 0"
        )
    )
    assert steps == {
        "raw": 100 + 200 + 80 + 50 + 60 + 90 + 500 + 33 + 44 + 100 + 300,
        "file_overlap": -200,
        "superseded": -200,
        "brushed": -500,
        "unreadable": -33,
        "missing_key": -44,
        "kept": 580,
        "unpaid": -50,
        "cancelled": -60,
        "refunded": -120,
        "net_revenue": 350,
    }
    assert shop.value("select sum(net_amount) from fct_orders") == Decimal("720.00")


def test_customers_are_pseudonyms(shop: Warehouse) -> None:
    buyers = {row[0] for row in shop.rows("select customer_id from dim_customers")}
    assert pseudonym("小明") in buyers
    assert len(buyers) == 33


def test_no_personal_value_leaves_the_raw_layer(shop: Warehouse) -> None:
    with duckdb.connect(str(shop.settings.work_db), read_only=True) as connection:
        tables = connection.execute(
            "select table_schema, table_name from information_schema.tables "
            "where table_schema <> 'raw' or table_name not like '%_personal'"
        ).fetchall()
        for schema, table in tables:
            text = connection.execute(
                f"select count(*) from {schema}.{table} as r where to_json(r)::varchar "
                "similar to '.*(小明|张三|13800000000|文三路).*'"
            ).fetchone()
            assert text == (0,), f"{schema}.{table}"


def test_lifecycle_and_rfm_as_of_the_last_order(shop: Warehouse) -> None:
    assert str(shop.value("select distinct as_of_date from customer_lifecycle")) == "2024-01-31"
    ming = pseudonym("小明")
    assert shop.rows(
        "select recency_days, frequency, monetary, average_order_value from customer_rfm "
        f"where customer_id = '{ming}'"
    ) == [(11, 2, 300, 150)]
    gang = pseudonym("小刚")
    assert shop.rows(
        f"select state, purchases from customer_lifecycle where customer_id = '{gang}'"
    ) == [("prospect", 0)]


def test_parquet_holds_the_same_rows(shop: Warehouse) -> None:
    tables = [row[0] for row in shop.rows("show tables")]
    files = {path.stem for path in shop.settings.parquet_dir.glob("*.parquet")}
    assert files == set(tables)
    for table in tables:
        path = shop.settings.parquet_dir / f"{table}.parquet"
        different = shop.value(
            f"select count(*) from (from {table} except all from '{path}' "
            f"union all (from '{path}' except all from {table}))"
        )
        assert different == 0, table


def test_descriptions_travel_with_the_data(shop: Warehouse) -> None:
    with shop.published() as connection:
        bare = connection.execute(
            "select table_name, column_name from duckdb_columns() "
            "where database_name = 'shop' and comment is null"
        ).fetchall()
    assert bare == []


def test_the_second_run_changes_nothing(shop: Warehouse) -> None:
    before = shop.hashes()
    last_run.give_up(shop.settings)  # built again, though nothing is new
    assert shop.nightly().success
    assert shop.hashes() == before


def test_the_same_file_again_or_renamed_changes_nothing(shop: Warehouse) -> None:
    before = shop.hashes()
    original = shop.landing / "ExportOrderList1.csv"
    (shop.landing / "copy.csv").write_bytes(original.read_bytes())
    later = shop.landing / "later" / "ExportOrderList2.csv"
    later.rename(later.with_name("renamed.csv"))
    assert shop.nightly().success
    assert shop.hashes() == before
    assert shop.value("select count(*) from ingested_files") == 2


def test_a_shop_without_campaigns_has_empty_marts_that_say_so(shop: Warehouse) -> None:
    marts = (
        "dim_campaigns", "fct_campaign_touches", "fct_coupon_redemptions", "campaign_results",
        "campaign_segment_results", "ab_test_results", "attribution",
    )  # fmt: skip
    assert [shop.value(f"select count(*) from {mart}") for mart in marts] == [0] * len(marts)
    missing = dict(shop.rows("select mart, missing_inputs from mart_status"))
    assert missing["attribution"] == "campaigns, campaign_members"
    assert missing["ab_test_results"] == "campaigns, campaign_members, campaign_variants"
    assert missing["campaign_results"] == "campaigns, campaign_members, campaign_costs, coupons"
