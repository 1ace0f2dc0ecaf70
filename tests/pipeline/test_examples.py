"""The mappings of docs/examples on made data of that shape: figures by mapping.yml alone."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from tests.pipeline.conftest import Warehouse
from tests.pipeline.exports import write_text

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"

# Customer → days with purchases; a day twice is two equal rows.
PURCHASES = {
    "0001": ["19970101", "19970118", "19970802", "19971212"],
    "0002": ["19970101", "19970101"],
    "0003": ["19970102"],
    "0004": ["19970103", "19970204", "19970204"],
}
ORDERS = """order_id,customer_id,order_status,order_purchase_timestamp,order_approved_at,delivered
o1,c1,delivered,2017-10-02 10:56:33,2017-10-02 11:07:15,2017-10-04 19:55:00
o2,c2,delivered,2017-11-18 19:28:06,2017-11-18 19:45:59,
o3,c3,shipped,2017-07-09 21:57:05,2017-07-09 22:10:13,
o4,c4,canceled,2017-04-11 12:22:08,,
o5,c5,unavailable,2017-05-16 13:10:30,2017-05-16 13:22:11,
"""
ITEMS = """order_id,order_item_id,product_id,seller_id,shipping_limit_date,price,freight_value
o1,1,p1,s1,2017-10-06 11:07:15,100.0,8.5
o1,2,p1,s1,2017-10-06 11:07:15,100.0,8.5
o2,1,p2,s1,2017-11-23 19:45:59,29.9,15.1
o3,1,p2,s2,2017-07-13 22:10:13,29.9,7.05
o4,1,p1,s1,2017-04-19 13:25:17,100.0,9.0
"""
CUSTOMERS = """customer_id,customer_unique_id,customer_zip_code_prefix,customer_city,customer_state
c1,u1,18682,lencois paulista,SP
c2,u1,18682,lencois paulista,SP
c3,u2,4571,sao paulo,SP
c4,u3,4571,sao paulo,SP
c5,u3,4571,sao paulo,SP
"""
PRODUCTS = """product_id,product_category_name,product_name_lenght
p1,moveis_decoracao,51.0
p2,perfumaria,39.0
"""


@pytest.fixture(scope="module")
def shop(new_warehouse: Callable[..., Warehouse]) -> Warehouse:
    warehouse = new_warehouse().making("fct_orders", "row_dispositions", "ingested_files")
    for name in ("cdnow", "olist"):
        folder = warehouse.landing / name
        folder.mkdir(parents=True)
        shutil.copy(EXAMPLES / name / "mapping.yml", folder)
    rows = [
        f" {int(customer) * 7:05d} {customer} {day}  1   11.77"
        for customer, days in PURCHASES.items()
        for day in days
    ]
    write_text(warehouse.landing / "cdnow" / "CDNOW_sample.txt", "\r\n".join(rows) + "\r\n")
    for name, text in (
        ("orders", ORDERS), ("order_items", ITEMS), ("customers", CUSTOMERS), ("products", PRODUCTS)
    ):  # fmt: skip
        write_text(warehouse.landing / "olist" / f"{name}.csv", text)
    assert warehouse.nightly().success
    return warehouse


def test_each_row_without_an_order_id_is_a_purchase(shop: Warehouse) -> None:
    assert shop.rows(
        "select count(*), count(distinct order_id), count(distinct customer_id), sum(net_amount) "
        "from fct_orders where source = 'cdnow' and is_purchase"
    ) == [(10, 10, 4, Decimal("117.70"))]


def test_repeat_purchases_by_days(shop: Warehouse) -> None:
    """Counted as the literature does: different days until 1997-09-30, without the first."""
    assert shop.rows(
        "select repeats, count(*) from ("
        "  select count(distinct order_date) - 1 as repeats from fct_orders "
        "  where source = 'cdnow' and order_date <= date '1997-09-30' group by customer_id"
        ") group by repeats order by repeats"
    ) == [(0, 2), (1, 1), (2, 1)]


def test_orders_take_their_money_from_their_lines(shop: Warehouse) -> None:
    assert shop.rows(
        "select order_id, status, gross_amount, freight_amount, net_amount, is_purchase "
        "from fct_orders where source = 'brazil' order by ordered_at desc"
    ) == [
        ("o2", "completed", Decimal("45.00"), Decimal("15.10"), Decimal("45.00"), True),
        ("o1", "completed", Decimal("217.00"), Decimal("17.00"), Decimal("217.00"), True),
        ("o3", "shipped", Decimal("36.95"), Decimal("7.05"), Decimal("36.95"), True),
        ("o5", "cancelled", None, Decimal("0.00"), Decimal("0.00"), False),  # it has no lines
        ("o4", "cancelled", Decimal("109.00"), Decimal("9.00"), Decimal("0.00"), False),
    ]


def test_a_person_is_one_customer_whatever_the_order_calls_them(shop: Warehouse) -> None:
    assert shop.rows(
        "select orders, count(*) from ("
        "  select count(*) as orders from fct_orders where source = 'brazil' group by customer_id"
        ") group by orders order by orders"
    ) == [(1, 1), (2, 2)]


def test_every_row_is_accounted_for(shop: Warehouse) -> None:
    assert shop.value("select count(*) from row_dispositions") == 0
    assert shop.rows("select format, rows from ingested_files order by source_file") == [
        ("mapped_orders", 10), ("mapped_customers", 5), ("mapped_order_lines", 5),
        ("mapped_orders", 5), ("mapped_products", 2),
    ]  # fmt: skip
