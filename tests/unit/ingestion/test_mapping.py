"""A shop's own columns under the warehouse's names."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest

from .conftest import Warehouse, csv_bytes

LINES = """
entity: order_lines
shop: 旗舰店
columns:
  order_id: 单号
  ordered_at: 下单时间
  product_id: 货号
  quantity: 数量
  unit_price: 单价
  gross_amount: 金额
  currency: {constant: CNY}
  status: {column: 状态, values: {已付款: paid, 已取消: cancelled}}
"""
HEADER = ["单号", "下单时间", "货号", "数量", "单价", "金额", "状态"]
ROW = ['="123"', "2019#3#11", "A1", "1473个", "1元", "86元", "已付款"]


def drop(warehouse: Warehouse, mapping: str, rows, header=HEADER, folder="my_shop") -> None:
    warehouse.drop(f"{folder}/mapping.yml", mapping.encode())
    warehouse.drop(f"{folder}/data.csv", csv_bytes(header, rows, "gb18030"))


def test_dirty_values(warehouse: Warehouse):
    drop(warehouse, LINES, [ROW, [*ROW[:6], "退货"]])
    report = warehouse.load()
    assert report.loaded[0].source == "mapped"
    rows = warehouse.query(
        "select source, shop, order_id, ordered_at, product_id, quantity, unit_price, "
        "gross_amount, currency, status, category, _issues "
        "from raw.mapped_order_lines order by _row_number"
    )
    clean = (
        "my_shop", "旗舰店", "123", datetime(2019, 3, 11), "A1", Decimal(1473), Decimal(1),
        Decimal(86), "CNY",
    )  # fmt: skip
    assert rows == [
        (*clean, "paid", None, None),
        (*clean, None, None, '状态: "退货" is not an order state'),
    ]


def test_orders_in_another_zone_with_day_first_dates(warehouse: Warehouse):
    mapping = (
        "entity: orders\nsource: london\ntimezone: Europe/London\ndate_format: '%d/%m/%Y %H:%M'\n"
        "columns: {order_id: no, ordered_at: when, gross_amount: total, city: town}"
    )
    drop(
        warehouse,
        mapping,
        [["1", "01/07/2019 10:05", "£5", "London"]],
        ["no", "when", "total", "town"],
    )
    warehouse.load()
    assert warehouse.query(
        "select source, shop, order_id, ordered_at, gross_amount, city from raw.mapped_orders"
    ) == [("london", None, "1", datetime(2019, 7, 1, 17, 5), Decimal(5), "London")]


def test_customers_keep_personal_columns_apart_and_products_load(warehouse: Warehouse):
    customers = (
        "entity: customers\n"
        "columns: {customer_id: id, name: 姓名, phone: 电话, birth_date: 生日, province: 省}"
    )
    drop(warehouse, customers, [["7", "王五", "13800000000", "1962-07-01", "浙江省"]],
         ["id", "姓名", "电话", "生日", "省"], "c")  # fmt: skip
    products = "entity: products\ncolumns: {product_id: id, title: t, unit_cost: cost}"
    drop(warehouse, products, [["9", "裙", "¥30"]], ["id", "t", "cost"], "p")
    warehouse.load()
    assert warehouse.query(
        "select customer_id, birth_date, province from raw.mapped_customers"
    ) == [("7", date(1962, 7, 1), "浙江")]
    assert warehouse.query("select name, phone, email from raw.mapped_customers_personal") == [
        ("王五", "13800000000", None)
    ]
    assert warehouse.query("select source, title, unit_cost from raw.mapped_products") == [
        ("p", "裙", Decimal(30))
    ]


def test_the_nearest_mapping_counts(warehouse: Warehouse):
    drop(warehouse, LINES, [ROW])
    deeper = [[*ROW[:5], "90元", ROW[6]]]
    warehouse.drop("my_shop/2019/03/data.csv", csv_bytes(HEADER, deeper))
    other = LINES.replace("旗舰店", "分店") + "source: branch\n"
    drop(warehouse, other, [[*ROW[:5], "91元", ROW[6]]], folder="my_shop/branch")
    warehouse.load()
    found = warehouse.query(
        "select source, shop, gross_amount from raw.mapped_order_lines order by 3"
    )
    assert found == [
        ("my_shop", "旗舰店", 86), ("my_shop", "旗舰店", 90), ("branch", "分店", 91)
    ]  # fmt: skip


def test_a_changed_mapping_reads_the_file_again(warehouse: Warehouse):
    drop(warehouse, LINES, [ROW])
    warehouse.load()
    drop(warehouse, LINES.replace("已付款: paid", "已付款: completed"), [ROW])
    assert [file.replaced for file in warehouse.load().loaded] == [True]
    assert warehouse.query("select status from raw.mapped_order_lines") == [("completed",)]
    assert warehouse.load().loaded == ()


def test_rows_stay_when_file_and_mapping_are_gone(warehouse: Warehouse):
    drop(warehouse, LINES, [ROW])
    warehouse.load()
    for path in (warehouse.landing / "my_shop").iterdir():
        path.unlink()
    report = warehouse.load()
    assert (report.loaded, report.refused) == ((), ())
    assert warehouse.query("select source from raw.mapped_order_lines") == [("my_shop",)]


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("entity: order_lines", "entity: baskets", ["'baskets'", "order_lines", "customers"]),
        ("gross_amount: 金额", "gros_amount: 金额", ["gros_amount", "gross_amount"]),
        ("单号", "订单", ["订单", "单号, 下单时间, 货号"]),
        ("order_id: 单号", "line_id: 单号", ["order_id"]),
        ("  gross_amount: 金额\n  currency", "  currency", []),
        ("shop: 旗舰店", "source: taobao", ["taobao", "built-in"]),
        ("shop: 旗舰店", "timezone: Mars/Base", ["Mars/Base"]),
        ("shop: 旗舰店", "date_format: day first", ["day first"]),
        ("shop: 旗舰店", "shops: 旗舰店", ["shops"]),
        ("currency: {constant: CNY}", "currency: {constant: CNY, column: 状态}", ["currency"]),
        ("currency: {constant: CNY}", "currency: {fixed: CNY}", ["fixed"]),
        ("currency: {constant: CNY}", "currency: [CNY]", ["currency"]),
        ("entity: order_lines", "entity: {", ["YAML"]),
        ("entity: order_lines", "entity: [order_lines]", ["`entity` is no text"]),
        ("shop: 旗舰店", "shop: {name: 旗舰店}", ["`shop` is no text"]),
    ],
)
def test_a_wrong_mapping_is_explained(warehouse: Warehouse, old: str, new: str, named: list[str]):
    assert old in LINES
    mapping = LINES.replace(old, new)
    drop(warehouse, mapping, [ROW])
    report = warehouse.load()
    if not named:  # price and quantity still give the amount
        assert len(report.loaded) == 1
        return
    assert [file.refusal.code for file in report.refused] == ["wrong_mapping"]
    for text in named:
        assert text in report.refused[0].refusal.en
    assert (warehouse.landing / "my_shop" / "mapping.yml").exists()


def test_lines_need_an_amount_or_price_and_quantity(warehouse: Warehouse):
    mapping = LINES.replace("  gross_amount: 金额\n", "").replace("  unit_price: 单价\n", "")
    drop(warehouse, mapping, [ROW])
    assert "gross_amount | unit_price + quantity" in warehouse.load().refused[0].refusal.en


TABLES = """
source: flagship
tables:
  - entity: orders
    columns: {order_id: 单号, ordered_at: 下单时间}
  - entity: order_lines
    shop: 旗舰店
    columns: {order_id: 单号, product_id: 货号, quantity: 数量, unit_price: 单价}
  - entity: customers
    source: members
    columns: {customer_id: 会员}
"""


def drop_tables(warehouse: Warehouse, mapping: str = TABLES) -> None:
    warehouse.drop("shop/mapping.yml", mapping.encode())
    warehouse.drop("shop/orders.csv", csv_bytes(["单号", "下单时间"], [["1", "2019-03-11"]]))
    lines = ["单号", "下单时间", "货号", "数量", "单价"]
    warehouse.drop("shop/lines.csv", csv_bytes(lines, [["1", "2019-03-11", "A", "2", "3"]]))
    warehouse.drop("shop/c/members.csv", csv_bytes(["会员", "备注"], [["M1", ""]]))


def test_several_tables_in_one_mapping(warehouse: Warehouse):
    drop_tables(warehouse)
    formats = {file.relative: file.formats for file in warehouse.load().loaded}
    assert formats == {
        "shop/orders.csv": ("mapped_orders",),
        "shop/lines.csv": ("mapped_order_lines",),  # its four columns beat the two of orders
        "shop/c/members.csv": ("mapped_customers",),
    }
    assert warehouse.query("select source, order_id from raw.mapped_orders") == [("flagship", "1")]
    assert warehouse.query("select source, shop from raw.mapped_order_lines") == [
        ("flagship", "旗舰店")
    ]
    assert warehouse.query("select source from raw.mapped_customers") == [("members",)]


def test_a_change_of_one_table_reads_its_files_alone_again(warehouse: Warehouse):
    drop_tables(warehouse)
    warehouse.load()
    changed = TABLES.replace("单价}", "单价, line_id: {constant: L}}")
    warehouse.drop("shop/mapping.yml", changed.encode())
    assert [file.relative for file in warehouse.load().loaded] == ["shop/lines.csv"]
    for path in (warehouse.landing / "shop").glob("*.*"):
        path.unlink()
    assert warehouse.load().loaded == ()


def test_sheets_of_a_workbook_may_be_several_tables(warehouse: Warehouse, tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["会员"])
    book.active.append(["M1"])
    sheet = book.create_sheet("订单")
    sheet.append(["单号", "下单时间"])
    sheet.append(["7", "2019-03-11"])
    book.create_sheet("说明").append(["谢谢"])
    book.save(tmp_path / "a.xlsx")
    warehouse.drop("shop/mapping.yml", TABLES.encode())
    warehouse.drop("shop/a.xlsx", (tmp_path / "a.xlsx").read_bytes())
    assert warehouse.load().loaded[0].formats == ("mapped_orders", "mapped_customers")


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("entity: customers", "entity: people", ["entry 3", "'people'"]),
        ("{customer_id: 会员}", "{customer_id: 会员}\n    header: false", ["entry 3", "position"]),
        ("{customer_id: 会员}", "{customer_id: 1}\n    header: false", ["entry 3", "own"]),
        ("source: flagship", "shop: flagship", ["unknown key: shop", "tables"]),
        ("{customer_id: 会员}", "", ["entry 3", "columns"]),
        (TABLES, "tables: {}", ["list"]),
        (TABLES, "tables: [orders]", ["entry 1", "key: value"]),
    ],
)
def test_a_wrong_table_is_named(warehouse: Warehouse, old: str, new: str, named: list[str]):
    assert old in TABLES
    drop_tables(warehouse, TABLES.replace(old, new))
    refused = warehouse.load().refused
    assert {file.refusal.code for file in refused} == {"wrong_mapping"}
    for text in named:
        assert text in refused[0].refusal.en
    assert "mapping.yml" in refused[0].refusal.zh


def test_a_file_that_fits_no_table_is_told_what_the_nearest_lacks(warehouse: Warehouse):
    warehouse.drop("shop/mapping.yml", TABLES.encode())
    warehouse.drop("shop/a.csv", csv_bytes(["单号", "货号", "数量"], [["1", "A", "2"]]))
    (refused,) = warehouse.load().refused
    assert "单价 (the nearest of its tables is order_lines)" in refused.refusal.en
    assert "单号, 货号, 数量" in refused.refusal.zh


def test_decimal_comma(warehouse: Warehouse):
    mapping = (
        'entity: order_lines\ndelimiter: ";"\ndecimal: ","\n'
        "columns: {order_id: Nr, product_id: SKU, quantity: Menge, gross_amount: Betrag}"
    )
    amounts = ["29,95", "1.299,00 €", "1 299,00", "1\u202f299,00 EUR", "-5,5", "7", "1,2,3"]
    rows = [[str(n), "A", "2,5", amount] for n, amount in enumerate(amounts)]
    warehouse.drop("shop/mapping.yml", mapping.encode())
    warehouse.drop("shop/a.csv", csv_bytes(["Nr", "SKU", "Menge", "Betrag"], rows, delimiter=";"))
    warehouse.load()
    found = warehouse.query(
        "select gross_amount, quantity, _issues from raw.mapped_order_lines order by _row_number"
    )
    expected = ["29.95", "1299", "1299", "1299", "-5.5", "7"]
    assert [row[0] for row in found[:-1]] == [Decimal(number) for number in expected]
    assert {row[1] for row in found} == {Decimal("2.5")}
    assert found[-1][0] is None and found[-1][2] == 'Betrag: "1,2,3" is not an amount'


def test_a_wrong_decimal_sign_is_explained(warehouse: Warehouse):
    drop(warehouse, LINES + "decimal: comma\n", [ROW])
    assert "'comma'" in warehouse.load().refused[0].refusal.en


def test_an_id_that_is_a_name_is_hashed_alike_in_every_file(warehouse: Warehouse):
    orders = (
        "entity: orders\ncolumns: {order_id: 单号, ordered_at: 下单时间, gross_amount: 金额, "
        "customer_id: {column: 昵称, hash: true}}"
    )
    drop(
        warehouse, orders, [["1", "2024-01-01", "9", "小明"]], ["单号", "下单时间", "金额", "昵称"]
    )
    people = "entity: customers\ncolumns: {customer_id: {column: 昵称, hash: true}}"
    drop(warehouse, people, [["小明"]], ["昵称"], folder="people")
    warehouse.load()
    ((of_order,),) = warehouse.query("select customer_id from raw.mapped_orders")
    ((of_person,),) = warehouse.query("select customer_id from raw.mapped_customers")
    assert of_order == of_person
    assert len(of_order) == 32


def test_only_an_id_can_be_hashed(warehouse: Warehouse):
    mapping = LINES.replace("gross_amount: 金额", "gross_amount: {column: 金额, hash: true}")
    drop(warehouse, mapping, [ROW])
    (refused,) = warehouse.load().refused
    assert "`gross_amount` is no id" in refused.refusal.en
