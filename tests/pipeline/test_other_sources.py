"""Online Retail's invoices, a shop's own tables and bad files in one landing folder."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import duckdb
import pytest

from tests.pipeline.conftest import Warehouse
from tests.pipeline.exports import write_text

FIRST_YEAR = """\
Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country
100001,85123A,WHITE HEART,10,2010-11-01 10:00:00,2.50,13085.0,United Kingdom
100001,22041,FRAME,4,2010-11-01 10:00:00,5.00,13085.0,United Kingdom
100001,22041,FRAME,4,2010-11-01 10:00:00,5.00,13085.0,United Kingdom
100001,POST,POSTAGE,1,2010-11-01 10:00:00,18.00,13085.0,United Kingdom
C100002,85123a,WHITE HEART,-10,2010-11-03 10:00:00,2.50,13085.0,United Kingdom
A100003,B,Adjust bad debt,1,2010-11-04 10:00:00,-50.00,,United Kingdom
100004,21523,DOORMAT,-3,2010-11-04 11:00:00,0,,United Kingdom
100005,TEST001,This is a test product.,5,2010-11-05 10:00:00,4.50,12346.0,United Kingdom
100006,M,Manual,1,2010-11-06 10:00:00,9.00,12347.0,United Kingdom
100007,21523,DOORMAT,2,2010-12-02 10:00:00,7.00,12348.0,France
C100008,99999,OLD STOCK,-1,2010-11-07 10:00:00,3.00,12348.0,France
"""
SECOND_YEAR = """\
InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
100007,21523,DOORMAT,2,2010-12-02 10:00:00,7.00,12348,France
100009,21523,DOORMAT,1,2011-01-05 10:00:00,7.00,12348,France
100010,22041,FRAME,1,2011-01-06 10:00:00,5.00,,United Kingdom
C100011,21523,DOORMAT,-2,2011-01-07 10:00:00,7.00,12348,France
"""
MAPPING = """\
entity: order_lines
source: my_shop
columns:
  order_id: 单号
  ordered_at: 下单时间
  product_id: 货号
  quantity: 数量
  gross_amount: 金额
  customer_id: 会员
  status: {column: 状态, values: {已付款: paid, 已取消: cancelled, 已退款: refunded}}
"""
OWN_LINES = """\
单号,下单时间,货号,数量,金额,会员,状态
="901",2011#1#2,A-1,2件,86元,M1,已付款
="901",2011#1#2,A-2,1个,14元,M1,已付款
902,2011/1/3,A-1,1473个,"¥1,299.00",M2,已取消
903,2011-01-04,A-1,1,43,M2,已退款
22041,2011-01-05,21523,1,43,12348,已付款
"""


@pytest.fixture(scope="module")
def mixed_shop(new_warehouse: Callable[..., Warehouse]) -> Warehouse:
    warehouse = new_warehouse()
    landing = warehouse.landing
    write_text(landing / "year1.csv", FIRST_YEAR)
    write_text(landing / "year2.csv", SECOND_YEAR, "utf-16")
    write_text(landing / "own" / "mapping.yml", MAPPING)
    write_text(landing / "own" / "lines.csv", OWN_LINES, "gb18030")
    # None of these may cost a row of the others.
    write_text(landing / "weather.csv", "day,degrees\n2011-01-01,3\n")
    (landing / "empty.csv").write_bytes(b"")
    (landing / "cut.parquet").write_bytes(b"PAR1 and then nothing")
    (landing / "locked.xlsx").write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600)
    (landing / "broken.csv").write_bytes("订单编号,总金额\n".encode() + b"\xff\xfe\xff\x81\x20,1\n")
    write_text(landing / "wide.csv", ",".join(f"c{n}" for n in range(5_000)) + "\n")
    assert warehouse.nightly(data_tests=True).success
    return warehouse


def test_dispositions_of_invoices(mixed_shop: Warehouse) -> None:
    assert mixed_shop.rows(
        "select source_file, row_number, disposition from row_dispositions "
        "where source = 'online_retail' order by all"
    ) == [
        ("year1.csv", 3, "exact_duplicate"),
        ("year1.csv", 4, "not_a_sale"),
        ("year1.csv", 6, "not_a_sale"),
        ("year1.csv", 7, "not_a_sale"),
        ("year1.csv", 8, "test"),
        ("year1.csv", 9, "not_a_sale"),
        ("year1.csv", 10, "file_overlap"),
    ]


def test_returns_are_refunds_of_the_purchase_they_belong_to(mixed_shop: Warehouse) -> None:
    assert mixed_shop.rows(
        "select order_id, status, is_purchase, gross_amount, refunded_amount, net_amount "
        "from fct_orders where source = 'online_retail' order by order_id"
    ) == [
        ("100001", "partially_refunded", True, 45, 25, 20),
        # Two doormats came back after the last purchase of one: one of them belongs to it, the
        # other is a refund without a sale.
        ("100007", "completed", True, 14, 0, 14),
        ("100009", "refunded", False, 7, 7, 0),
        ("100010", "completed", True, 5, 0, 5),
        ("C100002", "refunded", False, 0, 0, 0),
        ("C100008", "refunded", False, 0, 3, -3),
        ("C100011", "refunded", False, 0, 7, -7),
    ]


def test_figures_on_the_published_filter(mixed_shop: Warehouse) -> None:
    figures = dict(
        mixed_shop.rows("select figure, value from source_figures where source = 'online_retail'")
    )
    assert figures["documents_after_overlap"] == 11
    assert figures["published_filter_buyers"] == 4
    assert figures["published_filter_repeat_buyers"] == 1
    # 13085 and 12348 bought goods; 12346 a test product and 12347 a service code.
    assert figures["own_buyers"] == 2
    assert figures["not_counted_services_only"] == 2


def test_own_columns_need_no_code(mixed_shop: Warehouse) -> None:
    assert mixed_shop.rows(
        "select order_id, status, gross_amount, net_amount, item_count from fct_orders "
        "where source = 'my_shop' order by order_id"
    ) == [
        ("22041", "paid", 43, 43, 1),
        ("901", "paid", 100, 100, 3),
        ("902", "cancelled", Decimal("1299.00"), 0, 1473),
        ("903", "refunded", 43, 0, 1),
    ]


def test_ids_of_two_sources_are_told_apart(mixed_shop: Warehouse) -> None:
    products = "select product_id from dim_products where product_id like '%21523' order by 1"
    assert mixed_shop.rows(products) == [("my_shop:21523",), ("online_retail:21523",)]
    customers = "select customer_id from dim_customers where customer_id like '%12348' order by 1"
    assert mixed_shop.rows(customers) == [("my_shop:12348",), ("online_retail:12348",)]


def test_every_file_balances(mixed_shop: Warehouse) -> None:
    unbalanced = mixed_shop.rows(
        "select source_file from gmv_bridge group by source_file having "
        "sum(case when step_number <= 2 then amount when step = 'kept' then -amount end) <> 0"
    )
    assert unbalanced == []
    assert mixed_shop.value(
        "select sum(amount) from gmv_bridge where step = 'net_revenue'"
    ) == mixed_shop.value("select sum(net_amount) from fct_orders")


def test_bad_files_stand_apart_with_reasons(mixed_shop: Warehouse) -> None:
    bad = ["broken.csv", "cut.parquet", "empty.csv", "locked.xlsx", "weather.csv", "wide.csv"]
    refused = mixed_shop.rows(
        "select source_file, message from ingested_files where status = 'refused' order by 1"
    )
    assert [name for name, _ in refused] == bad
    for name, message in refused:
        assert message
        assert (mixed_shop.settings.refused_dir / name).is_file()
        reason = mixed_shop.settings.refused_dir / f"{name}.reason.txt"
        assert len(reason.read_text(encoding="utf-8")) > 40
        assert not (mixed_shop.landing / name).exists()


def test_any_row_can_be_read_again_from_its_file(mixed_shop: Warehouse) -> None:
    sha, name = mixed_shop.rows(
        "select sha256, source_file from ingested_files where source_file = 'year1.csv'"
    )[0]
    kept = mixed_shop.settings.raw_dir / sha[:2] / f"{sha}.csv"
    assert kept.read_bytes() == (mixed_shop.landing / name).read_bytes()
    with duckdb.connect(str(mixed_shop.settings.work_db), read_only=True) as connection:
        assert connection.execute("select count(*) from raw.online_retail").fetchone() == (15,)
