"""One customer is erased everywhere, nothing else moves, and the proof can fail."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import duckdb
import openpyxl
import pytest

from dagster_project.privacy import command, forget
from dagster_project.privacy.trace import search
from tests.pipeline.conftest import Warehouse, pseudonym
from tests.pipeline.exports import TAOBAO_ORDER_HEADER, Row, as_csv, taobao_order, write_text

MAPPING = """
source: club
tables:
  - entity: orders
    columns: {order_id: no, customer_id: member, ordered_at: at, gross_amount: total, phone: tel,
              email: mail, receiver_name: called}
  - entity: customers
    columns: {customer_id: member, name: called, phone: tel, gender: sex, referrer_id: brought_by}
  - entity: order_lines
    columns: {order_id: no, customer_id: member, product_id: sku, quantity: pieces,
              unit_price: price}
"""
# Rows that tell only of a person, in the warehouse's own names.
OWN = {
    "reviews": "source,customer_id,rating,review_text\nclub,{0},5,我是小明\nclub,{1},4,喵\n",
    "events": "source,customer_id,event_at,event_type\nclub,{0},2024-01-05 09:00:00,view\n"
    "club,{1},2024-01-06 09:00:00,view\n",
    "points": "source,customer_id,posted_at,points\nclub,{0},2024-01-05 10:00:00,5\n"
    "club,{1},2024-01-05 10:00:00,5\n",
    "referrals": "source,referrer_id,referred_id\nclub,{0},{1}\nclub,{1},M-700009\n",
    "campaign_members": "source,campaign_id,customer_id\nclub,K1,{0}\nclub,K1,{1}\n",
    "opt_outs": "source,customer_id,phone,opted_out_at\n"
    "club,{0},13711112222,2024-01-05\nclub,{1},13933334444,\n",
}
# Everything that only the person to be erased ever wrote.
VALUES = ("月亮上的小明", "13711112222", "xiaoming@mail.cn", "文一路77号", "M-700007", "我是小明")
# The account that was seen first names the customer in the marts.
CUSTOMER = pseudonym("月亮上的小明")
STATUS = "select order_id, status, gross_amount, paid_amount, net_amount from fct_orders order by 1"


def taobao(number: str, buyer: str, total: str, day: str, **own: str) -> Row:
    row = taobao_order(number, buyer, total, f"{day} 10:00:00")
    phone = "13711112222" if buyer == "月亮上的小明" else "13733334444"
    return {**row, "联系手机": f"'{phone}", "收货人姓名": "明明", "买家留言": "", **own}


HOME = {"收货地址 ": "浙江省 杭州市 文一路77号"}
TAOBAO = [
    taobao("T1", "月亮上的小明", "86.50", "2024-01-01", **HOME, 买家留言="我是小明"),
    taobao("T2", "别人家的猫", "20.00", "2024-01-02"),
    taobao("T3", "月亮上的小明", "30.00", "2024-02-01", **HOME),
    taobao("T4", "别人家的猫", "40.00", "2024-02-03"),
]
BROKEN = 'T5,"月亮上的小明,13711112222,never closed\r\n'


@pytest.fixture(scope="module")
def shop(new_warehouse: Callable[..., Warehouse]) -> Warehouse:
    warehouse = new_warehouse()
    landing = warehouse.landing
    write_text(landing / "taobao.csv", as_csv(TAOBAO_ORDER_HEADER, TAOBAO) + BROKEN, "gb18030")
    write_text(landing / "club" / "mapping.yml", MAPPING)
    book = openpyxl.Workbook()
    sheets: list[list[list[Any]]] = [
        [["no", "member", "at", "total", "tel", "mail", "called"],
         ["C1", "M-700007", "2024-01-05", "12.5", "13711112222", "xiaoming@mail.cn", "明明"],
         ["C2", "M-700008", "2024-01-06", "7", "13755556666", "cat@mail.cn", "猫猫"]],
        [["member", "called", "tel", "sex", "brought_by"],
         ["M-700007", "明明", "13711112222", "m", None],
         ["M-700008", "猫猫", "13755556666", "f", "M-700007"]],
        [["no", "member", "sku", "pieces", "price"],
         ["C1", "M-700007", "A", "1", "12.5"], ["C2", "M-700008", "B", "1", "7"]],
    ]  # fmt: skip
    for rows in sheets:
        sheet = book.create_sheet()
        for row in rows:
            sheet.append(row)
    book.remove(book.worksheets[0])
    book.save(landing / "club" / "three sheets.xlsx")
    for name, text in OWN.items():
        write_text(landing / "own" / f"{name}.csv", text.format("M-700007", "M-700008"))
    guest = {"no": "C3", "member": None, "at": "2024-01-20", "total": "9", "tel": "13711112222",
             "mail": "Xiaoming@Mail.cn", "called": "明明"}  # fmt: skip
    other = {**guest, "no": "C4", "tel": "13755556666", "mail": "cat@mail.cn", "called": "猫猫"}
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in (guest, other))
    write_text(landing / "club" / "guests.jsonl", lines)
    late = [{**row, "no": f"P{number}"} for number, row in enumerate((guest, other))]
    duckdb.read_json(str(write_text(landing.parent / "p.json", json.dumps(late)))).write_parquet(
        str(landing / "club" / "late.parquet")
    )
    (landing.parent / "p.json").unlink()
    # The last day with orders, as a day of a history: it is kept as one and published too.
    assert warehouse.nightly(partition="2024-02-03").success
    return warehouse


def facts(shop: Warehouse) -> dict[str, Any]:
    """What must not move: orders, money, the bridge, and every row of other customers."""
    found: dict[str, Any] = {"orders": shop.rows(STATUS)}
    # Rows of the customer's own record are counted as missing_key now; no money is.
    found["bridge"] = shop.rows(
        "select source_file, step, sum(case when step <> 'kept' then rows end), sum(amount) "
        "from gmv_bridge where step in ('raw', 'kept', 'net_revenue', 'unreadable') "
        "group by all order by all"
    )
    found["money"] = shop.rows("select date, net_revenue from growth_daily order by 1")
    with shop.published() as connection:
        for table in ("dim_customers", "customer_rfm", "customer_lifecycle", "fct_orders"):
            names = [
                name
                for name, *_ in connection.execute(f"describe {table}").fetchall()
                # Ranks among all customers move, and who brought somebody is forgotten.
                if "score" not in name and name not in ("segment", "referrer_id")
            ]
            found[table] = connection.execute(
                f"select {', '.join(names)} from {table} where customer_id in "
                "(select customer_id from fct_orders where order_id in ('T2', 'T4', 'C2', 'C4')) "
                "order by all"
            ).fetchall()
    return found


def run(shop: Warehouse, asked: str, **options: Any) -> int:
    given = {"yes": True, "check": False, "rebuild": lambda: 0 if shop.nightly().success else 1}
    return command.run(shop.settings, asked, **{**given, **options})


def traces(shop: Warehouse) -> list[str]:
    needles = [value.lower() for value in (*VALUES, CUSTOMER)]
    return search(shop.settings.warehouse_dir, needles, [CUSTOMER], []).found


def test_the_search_finds_what_is_there(shop: Warehouse) -> None:
    found = "\n".join(traces(shop))
    packed = ["three sheets.xlsx: xl/", "warehouse.duckdb: raw.taobao_orders_personal"]
    plain = ["landing/taobao.csv", "guests.jsonl", "late.parquet", "history/"]
    for place in [*plain, *packed, "marts.duckdb: marts."]:
        assert place in found, found


def test_erasing_one_customer(
    shop: Warehouse, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    linked = "('T1', 'T3', 'C1', 'C3', 'P0')"
    whose = f"select distinct customer_id from fct_orders where order_id in {linked}"
    assert shop.rows(whose) == [(CUSTOMER,)]
    before = facts(shop)

    # A kill in the middle: nothing is lost, and the next call finishes.
    with monkeypatch.context() as patch:
        patch.setattr(forget, "_erase_rows", lambda *given: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run(shop, "xiaoming@mail.cn")
    assert run(shop, "xiaoming@mail.cn") == 0, capsys.readouterr().out
    said = capsys.readouterr().out
    assert "nothing of the person was found" in said

    assert facts(shop) == before
    assert traces(shop) == []
    assert shop.rows(whose) == [(None,)]
    brought = "select count(referrer_id) from dim_customers where customer_id = 'M-700008'"
    assert shop.value(brought) == 0
    removed = (
        "select source_file, row_number from row_dispositions where disposition = 'missing_key'"
    )
    assert shop.rows(f"{removed} and source_file like 'own/%' order by 1") == [
        (f"own/{name}.csv", 1) for name in sorted(OWN)
    ]
    kept = next(shop.settings.history_dir.rglob("customer_rfm.parquet"))
    assert duckdb.sql(f"select count(*) from '{kept}'").fetchall() == [(2,)]
    assert not forget.journal_path(shop.settings).exists()

    assert run(shop, CUSTOMER) == 1
    assert "no such customer" in capsys.readouterr().err


def test_an_export_of_then_does_not_bring_the_person_back(
    shop: Warehouse, capsys: pytest.CaptureFixture[str]
) -> None:
    orders_before = shop.rows(STATUS)
    assert sum(row[-1] for row in orders_before) == Decimal("232.00")
    old = as_csv(TAOBAO_ORDER_HEADER, TAOBAO) + BROKEN
    again = write_text(shop.landing / "backup" / "taobao.csv", old, "gb18030")
    later = as_csv(TAOBAO_ORDER_HEADER, [taobao("T9", "月亮上的小明", "5.00", "2024-03-01")])
    write_text(shop.landing / "later.csv", later)

    # Another customer, of whom a refused file speaks: it is named, and left to the owner.
    refused = write_text(shop.settings.refused_dir / "old.xls", "别人家的猫 13733334444")
    assert run(shop, "13733334444", yes=False) == 2
    assert "--yes" in capsys.readouterr().err  # there is nobody to ask
    assert run(shop, "13733334444", rebuild=None) == 1
    said = capsys.readouterr().out
    assert "found / 仍在: refused/old.xls" in said and "delete them by hand" in said
    refused.unlink()
    assert run(shop, "13733334444") == 0, capsys.readouterr().out

    assert traces(shop) == []
    assert again.exists()
    orders = {row[0]: row for row in shop.rows(STATUS)}
    assert orders.pop("T9") == ("T9", "completed", 5, 5, 5)  # a sale to nobody
    assert [*orders.values()] == orders_before


def test_looking_for_somebody_changes_nothing(
    shop: Warehouse, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(shop, "nobody@mail.cn") == 1
    assert run(shop, "nobody@mail.cn", check=True) == 0
    assert run(shop, "M-700008", check=True) == 1
    assert "late.parquet" in capsys.readouterr().out
