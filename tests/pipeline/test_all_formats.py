"""One export of every format in one landing folder: each figure counted by hand, all of it kept."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import pytest

from tests.pipeline.conftest import Warehouse
from tests.pipeline.exports import (
    JD_HEADER,
    SHOPIFY_HEADER,
    SHOPIFY_OLD_HEADER,
    as_csv,
    jd_order,
    shopify_order,
    write_text,
)

JD_FIRST = [
    # 2 × 50 + 80 = 180 goods, 10 off, 6 freight: 176 paid, 20 of it from the balance.
    *jd_order(
        "J1", "jd_a", [("100", 2, "50.00"), ("101", 1, "80.00")],
        settled="170.00", balance="20.00", freight="6.00",
    ),
    *jd_order("J2", "jd_b", [("100", 1, "50.00")], status="已取消", paid_at=""),
    *jd_order("J3", "jd_b", [("100", 1, "50.00")], status="(删除)等待出库"),
    *jd_order("J4", "jd_c", [("100", 3, "50.00"), ("102", 1, "9.00")], memo="刷单"),
    *jd_order("J5", "jd_c", [("100", 1, "50.00"), ("101", 1, "80.00")], status="等待出库"),
    # Exported twice into one file: the second time it has arrived.
    *jd_order("J6", "jd_d", [("100", 1, "50.00"), ("103", 1, "7.00")], status="等待确认收货"),
    *jd_order("J7", "jd_d", [("103", 1, "7.00")], status="等待付款", paid_at=""),
    *jd_order("J6", "jd_d", [("100", 1, "50.00"), ("103", 1, "7.00")], status="完成"),
]  # fmt: skip
# J5 comes again without one of its articles; J1 as it was.
JD_SECOND = [
    *JD_FIRST[:2],
    *jd_order("J5", "jd_c", [("101", 1, "80.00")], status="完成"),
]
SHOPIFY_FIRST = [
    # 2 × 20 + 15 = 55, 5 off, 8 shipping: 58; 10 went back.
    *shopify_order(
        "#1001", [("S1", 2, "20.00"), ("S2", 1, "15.00")], email="Wendy@Example.com",
        phone="+1 217 555 0142",
        discount="5.00", shipping="8.00", status="partially_refunded", refunded="10.00",
    ),
    *shopify_order("#1002", [("S1", 1, "20.00")], status="pending", fulfillment=""),
    *shopify_order(
        "#1003", [("S1", 1, "20.00")], status="voided", cancelled="2024-01-06 10:00:00 -0500"
    ),
    *shopify_order("#1004", [("S2", 2, "15.00")], status="refunded", refunded="30.00"),
    *shopify_order(
        "#1005", [("S1", 5, "20.00")], status="partially_paid", outstanding="40.00",
        phone="+1 (217) 555-0142",
    ),
]  # fmt: skip
# An older kind of file; #1002 was paid since, in it a guest bought.
SHOPIFY_OLD = [
    *shopify_order("#1002", [("S1", 1, "20.00"), ("S3", 1, "2.00")], email="wendy@example.com"),
    *shopify_order("#0900", [("S9", 1, "9.00")], created="2023-12-01 08:00:00 +0800"),
]
ORDERS = (
    "select order_id, status, gross_amount, discount_amount, freight_amount, paid_amount, "
    "refunded_amount, net_amount, item_count from fct_orders where source = '{}' order by 1"
)


@pytest.fixture(scope="module")
def every_shop(new_warehouse: Callable[..., Warehouse]) -> Warehouse:
    warehouse = new_warehouse()
    landing = warehouse.landing
    write_text(landing / "jd" / "1.csv", as_csv(JD_HEADER, JD_FIRST), "gb18030")
    write_text(landing / "jd" / "2.csv", as_csv(JD_HEADER, JD_SECOND), "utf-8-sig")
    write_text(landing / "shopify" / "1.csv", as_csv(SHOPIFY_HEADER, SHOPIFY_FIRST))
    write_text(landing / "shopify" / "2.csv", as_csv(SHOPIFY_OLD_HEADER, SHOPIFY_OLD))
    assert warehouse.nightly().success
    return warehouse


def removed(warehouse: Warehouse, source: str) -> list[tuple[str, int, str]]:
    return warehouse.rows(
        "select source_file, row_number, disposition from row_dispositions "
        f"where source = '{source}' order by all"
    )


def test_jd_amounts_that_repeat_on_each_row_count_once(every_shop: Warehouse) -> None:
    assert every_shop.rows(ORDERS.format("jd")) == [
        ("J1", "completed", 186, 10, 6, 176, 0, 176, 3),
        ("J2", "cancelled", 50, 0, 0, 0, 0, 0, 1),
        ("J3", "refunded", 50, 0, 0, 50, 50, 0, 1),
        ("J5", "completed", 80, 0, 0, 80, 0, 80, 1),
        ("J6", "completed", 57, 0, 0, 57, 0, 57, 2),
        ("J7", "unpaid", 7, 0, 0, 0, 0, 0, 1),
    ]
    assert removed(every_shop, "jd") == [
        ("jd/1.csv", 1, "file_overlap"),
        ("jd/1.csv", 2, "file_overlap"),
        ("jd/1.csv", 5, "brushed"),
        ("jd/1.csv", 6, "brushed"),
        ("jd/1.csv", 7, "superseded"),
        ("jd/1.csv", 8, "superseded"),
        ("jd/1.csv", 9, "superseded"),
        ("jd/1.csv", 10, "superseded"),
    ]
    assert (
        every_shop.value(
            "select count(*) from fct_order_items where order_id = 'J6' and gross_amount in (50, 7)"
        )
        == 2
    )


def test_shopify_order_fields_stand_on_the_first_line_only(every_shop: Warehouse) -> None:
    assert every_shop.rows(ORDERS.format("shopify")) == [
        ("#0900", "completed", 9, 0, 0, 9, 0, 9, 1),
        ("#1001", "partially_refunded", 58, 5, 8, 58, 10, 48, 3),
        ("#1002", "completed", 22, 0, 0, 22, 0, 22, 2),
        ("#1003", "cancelled", 20, 0, 0, 0, 0, 0, 1),
        ("#1004", "refunded", 30, 0, 0, 30, 30, 0, 2),
        ("#1005", "completed", 100, 0, 0, 60, 0, 60, 5),
    ]
    assert removed(every_shop, "shopify") == [("shopify/1.csv", 3, "superseded")]


def test_shopify_times_carry_an_offset_and_guests_have_no_email(every_shop: Warehouse) -> None:
    # 22:30 at -0500 is 11:30 the next day in the shop.
    assert every_shop.rows(
        "select cast(ordered_at as varchar), customer_id is null from fct_orders "
        "where order_id in ('#0900', '#1001', '#1005') order by order_id"
    ) == [
        ("2023-12-01 08:00:00", True),
        ("2024-01-06 11:30:00", False),
        ("2024-01-06 11:30:00", False),
    ]
    # One by the e-mail in two letter cases, one by the telephone.
    wendy = every_shop.rows(
        "select distinct customer_id from fct_orders where order_id in ('#1001', '#1002', '#1005')"
    )
    assert len(wendy) == 1


def test_the_bridge_balances_for_every_file(every_shop: Warehouse) -> None:
    assert (
        every_shop.rows(
            "select source_file from gmv_bridge group by source_file "
            "having sum(case when step_number <= 2 then amount when step = 'kept' then -amount end)"
            " <> 0 "
            "or sum(case when step_number <= 2 then rows when step = 'kept' then -rows end) <> 0 "
            "or sum(case when step_number >= 3 and step <> 'net_revenue' then amount "
            "when step = 'net_revenue' then -amount end) <> 0"
        )
        == []
    )
    net = dict(
        every_shop.rows("select source_file, amount from gmv_bridge where step = 'net_revenue'")
    )
    assert net["jd/1.csv"] == 57
    assert net["jd/2.csv"] == 176 + 80
    assert net["shopify/1.csv"] == 48 + 60
    assert net["shopify/2.csv"] == 22 + 9
    assert sum(net.values()) == every_shop.value("select sum(net_amount) from fct_orders")


def test_bridge_steps_of_a_file_whose_rows_are_orders_and_lines(every_shop: Warehouse) -> None:
    steps = dict(
        every_shop.rows(
            "select step, amount from gmv_bridge where source_file = 'jd/1.csv' and amount <> 0"
        )
    )
    lines = 180 + 50 + 50 + 159 + 130 + 57 + 7 + 57
    orders = 186 + 50 + 50 + 159 + 130 + 57 + 7 + 57
    assert steps == {
        "raw": lines + orders,
        "file_overlap": -(180 + 186),
        "brushed": -2 * 159,
        "superseded": -2 * 130 - 2 * 57,
        "kept": 2 * (50 + 50 + 57 + 7),
        "counted_in_order_record": -(50 + 50 + 57 + 7),
        "unpaid": -7,
        "cancelled": -50,
        "refunded": -50,
        "net_revenue": 57,
    }


PERSONAL = ("钱多多", "中关村大街", "13712345678", "jd_a", "Wendy", "Elm Street", "555 0142")


def test_no_personal_value_leaves_the_raw_layer(every_shop: Warehouse) -> None:
    with duckdb.connect(str(every_shop.settings.work_db), read_only=True) as connection:
        tables = connection.execute(
            "select table_schema, table_name from information_schema.tables "
            "where table_schema <> 'raw' or table_name not like '%_personal'"
        ).fetchall()
        for schema, table in tables:
            found = connection.execute(
                f"select count(*) from {schema}.{table} as r "
                f"where regexp_matches(to_json(r)::varchar, '{'|'.join(PERSONAL)}')"
            ).fetchone()
            assert found == (0,), f"{schema}.{table}"
