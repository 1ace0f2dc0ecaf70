"""A person's cells are emptied in every kind of file; everything else stays as it is."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import duckdb
import openpyxl
import pytest

from dagster_project.ingestion.loader import open_work_database
from dagster_project.privacy.erase_tables import erase_marked, mark_rows
from dagster_project.privacy.files import redact_kept_files
from dagster_project.privacy.person import TOKENS, Person, write_tokens
from dagster_project.privacy.tokens import remember
from tests.unit.ingestion.conftest import Warehouse, csv_bytes

HEADER = ["订单编号", "买家会员名", "总金额", "订单状态", "收货人姓名", "收货地址 ", "联系手机"]
HEADER += ["订单创建时间", "订单备注", "修改后的收货地址"]
ADDRESS = "浙江省 杭州市 文一路77号(310000)"
ROWS = [
    ["1001", "小明同学", "86.5", "交易成功", "明明", ADDRESS, "'13711112222", "2019-03-11 10:05:06",
     "刷单, 急\n\"快\"", "上海 浦东"],
    ["1002", "阿𠮷", "¥1,299.00", "等待付款", "阿吉", "上海 上海市", "13733334444",
     "2019-03-12 00:00:00", " 备注 ", ""],
    ["", "", "", "", "", "", "", "", "", ""],
    ["1003", "阿𠮷", "5", "交易成功", "阿吉", "上海 上海市", "13733334444",
     "2019-03-13 00:00:00", "", "留"],
]  # fmt: skip
MING = Person("小明同学", needles=("小明同学", "13711112222", ADDRESS.lower()))


def known(warehouse: Warehouse, source: str = "taobao", account: str | None = None) -> Person:
    """The person, with the account as the raw table has it."""
    if account is None:
        with open_work_database(warehouse.settings) as connection:
            (account,) = connection.execute(
                "select buyer_key from raw.taobao_orders where order_id = '1001'"
            ).fetchone()
    return Person(
        MING.asked,
        accounts=((source, account),),
        orders=((source, "1001"),),
        needles=MING.needles,
    )


def redact_all(warehouse: Warehouse, person: Person) -> int:
    with open_work_database(warehouse.settings) as connection:
        write_tokens(connection, person)
        remember(connection, TOKENS)
        count, unread = redact_kept_files(
            connection, warehouse.settings, person.needles, TOKENS, lambda line: None
        )
        mark_rows(connection, TOKENS)
        erase_marked(connection, person.needles, TOKENS)
        assert unread == []
        return count


def raw_copies(warehouse: Warehouse) -> list[Path]:
    return [p for p in warehouse.settings.raw_dir.rglob("*") if p.is_file()]


READ = "order_id, buyer_key, total_amount, status_text, province, city, created_at, is_brushed"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("broken", ["", '1004,"小明同学,never closed\n1005,x\n'])
def test_csv_keeps_encoding_rows_and_time(warehouse: Warehouse, encoding: str, broken: str) -> None:
    text = csv_bytes(HEADER, ROWS).decode() + broken
    path = warehouse.drop("orders.csv", text.replace("\n", "\r\n").encode(encoding))
    modified = path.stat().st_mtime_ns
    warehouse.load()
    before = warehouse.query(f"select {READ} from raw.taobao_orders order by _row_number")
    assert redact_all(warehouse, known(warehouse)) == 1

    content = path.read_bytes()
    now = content.decode(encoding)
    for value in ("小明同学", "13711112222", "文一路", "明明", "急", "浦东"):
        assert value not in now
    assert "1001,,86.5,交易成功,,浙江,,2019-03-11 10:05:06,刷单," in now
    assert path.stat().st_mtime_ns == modified
    assert [p.read_bytes() for p in raw_copies(warehouse)] == [content]

    # What the erased tables hold is what the new file says; it counts as loaded.
    erased = warehouse.contents()
    after = warehouse.query(f"select {READ} from raw.taobao_orders order by _row_number")
    assert after[0] == (*before[0][:1], None, *before[0][2:5], None, *before[0][6:])
    assert after[1:] == before[1:]
    assert [f.relative for f in warehouse.load().loaded] == []
    with duckdb.connect(str(warehouse.settings.work_db)) as connection:
        connection.execute("update raw.ingested_files set definition_hash = 'old'")
    warehouse.load()
    read_again = warehouse.contents()
    assert warehouse.query(f"select {READ} from raw.taobao_orders order by _row_number") == after
    numbered = "select _row_number, total_amount from raw.taobao_orders order by 1"
    assert warehouse.query(numbered) == [(1, 86.5), (2, 1299), (4, 5)]
    assert [r[2:5] for r in read_again["unreadable_rows"]] == [
        r[2:5] for r in erased["unreadable_rows"]
    ]
    # Of the person only what a flag and the province were read from is there.
    (theirs,) = [r for r in read_again["taobao_orders_personal"] if r[1] == 1]
    assert {value for value in theirs[2:] if value is not None} == {"浙江", "刷单"}
    others = [r[1:] for r in read_again["taobao_orders_personal"] if r[1] != 1]
    assert others == [r[1:] for r in erased["taobao_orders_personal"]]


def test_the_same_export_under_another_name_adds_nothing(warehouse: Warehouse) -> None:
    original = csv_bytes(HEADER, ROWS, "gb18030")
    warehouse.drop("orders.csv", original)
    warehouse.load()
    redact_all(warehouse, known(warehouse))
    before = warehouse.contents()
    again = warehouse.drop("backup/orders of then.csv", original)
    report = warehouse.load()
    assert report.loaded == ()
    assert warehouse.contents() == before
    assert "小明同学" not in again.read_text(encoding="gb18030")
    assert all("小明同学" not in p.read_text(encoding="gb18030") for p in raw_copies(warehouse))


def test_a_later_export_is_loaded_without_the_person(warehouse: Warehouse) -> None:
    warehouse.drop("orders.csv", csv_bytes(HEADER, ROWS))
    warehouse.load()
    redact_all(warehouse, known(warehouse))
    later = [["2001", "小明同学", "30", "交易成功", "明明", ADDRESS, "13711112222",
              "2019-04-01 00:00:00", "", ""], ROWS[1]]  # fmt: skip
    path = warehouse.drop("april.csv", csv_bytes(HEADER, later))
    assert [f.rows for f in warehouse.load().loaded] == [2]
    assert warehouse.query(
        "select buyer_key, phone_key, province, total_amount from raw.taobao_orders "
        "where order_id = '2001'"
    ) == [(None, None, "浙江", 30)]
    assert "小明同学" not in path.read_text(encoding="utf-8")


MAPPING = (
    "source: flagship\n"
    "tables:\n"
    "  - entity: orders\n"
    "    columns: {order_id: no, customer_id: member, ordered_at: at, gross_amount: total,"
    " phone: tel, email: mail}\n"
    "  - entity: customers\n"
    "    columns: {customer_id: member, name: called, referrer_id: brought_by, gender: sex}\n"
)
ORDERS = [
    {"no": "1001", "member": "M7", "at": "2024-01-01 10:00:00", "total": 10.5, "tel": "13711112222",
     "mail": "ming@mail.cn", "extra": {"note": "call ming"}},
    {"no": "1002", "member": "M8", "at": "2024-01-02 10:00:00", "total": 20, "tel": "13733334444",
     "mail": None, "extra": None},
]  # fmt: skip


def test_json_lines_lose_only_the_persons_values(warehouse: Warehouse) -> None:
    warehouse.drop("shop/mapping.yml", MAPPING.encode())
    lines = "\n".join(json.dumps(order, ensure_ascii=False) for order in ORDERS)
    path = warehouse.drop("shop/orders.jsonl", lines.encode())
    warehouse.load()
    assert redact_all(warehouse, known(warehouse, "flagship", "M7")) == 1
    first, second = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    assert second == ORDERS[1]
    assert first == {**ORDERS[0], "member": "", "tel": "", "mail": "", "extra": ""}
    assert warehouse.load().loaded == ()


def test_parquet_keeps_types(warehouse: Warehouse) -> None:
    warehouse.drop("shop/mapping.yml", MAPPING.encode())
    path = warehouse.landing / "shop" / "orders.parquet"
    duckdb.sql(
        "select * from (values ('1001', 'M7', timestamp '2024-01-01', 10.5::decimal(9, 2), "
        "13711112222, 'ming@mail.cn', [1, 2]), ('1002', 'M8', timestamp '2024-01-02', 20, "
        "13733334444, 'b@mail.cn', [3])) as t(no, member, \"at\", total, tel, mail, extra)"
    ).write_parquet(str(path))
    kept = duckdb.sql(f"select * from '{path}'")
    types, rows = kept.types, kept.fetchall()
    warehouse.load()
    assert redact_all(warehouse, known(warehouse, "flagship", "M7")) == 1
    now = duckdb.sql(f"select * from '{path}' order by no")
    assert now.types == types
    assert now.fetchall() == [(rows[0][0], None, *rows[0][2:4], None, None, None), rows[1]]
    assert warehouse.load().loaded == ()


def test_workbooks_lose_cells_on_every_sheet(warehouse: Warehouse) -> None:
    warehouse.drop("shop/mapping.yml", MAPPING.encode())
    path = warehouse.landing / "shop" / "all.xlsx"
    book = openpyxl.Workbook()
    orders = book.active
    orders.append(["no", "member", "at", "total", "tel", "mail"])
    orders.append(["1001", "M7", "2024-01-01", 10.5, "13711112222", "ming@mail.cn"])
    orders.append([None] * 6)
    orders.append(["1002", "M8", "2024-01-02", 20, "13733334444", "b@mail.cn"])
    people = book.create_sheet("people")
    people.append(["member", "called", "brought_by", "sex"])
    people.append(["M8", "阿吉", "M7", "f"])
    people.append(["M7", "小明同学", None, "m"])
    book.create_sheet("notes").append(["nothing", "here"])
    book.save(path)
    warehouse.load()
    assert redact_all(warehouse, known(warehouse, "flagship", "M7")) == 1
    now = openpyxl.load_workbook(path)
    assert [[cell.value for cell in row] for row in now.worksheets[0]] == [
        ["no", "member", "at", "total", "tel", "mail"],
        ["1001", None, "2024-01-01", 10.5, None, None],
        [None] * 6,
        ["1002", "M8", "2024-01-02", 20, "13733334444", "b@mail.cn"],
    ]
    # Who was brought by the person stays a customer; only the pointer goes.
    assert [[c.value for c in row] for row in now["people"].iter_rows(min_row=2, max_row=2)] == [
        ["M8", "阿吉", None, "f"]
    ]
    assert {c.value for row in now["people"].iter_rows(min_row=3) for c in row} <= {None}
    assert now["notes"]["A1"].value == "nothing"
    assert warehouse.query(
        "select customer_id, referrer_id, gender from raw.mapped_customers order by 1"
    ) == [("M8", None, "f"), (None, None, None)]
    assert warehouse.load().loaded == ()


def test_fields_parted_by_spaces_stay_where_they_are(warehouse: Warehouse) -> None:
    warehouse.drop(
        "cdnow/mapping.yml",
        b"entity: orders\nsource: cdnow\nheader: false\ndelimiter: whitespace\n"
        b"columns: {order_id: {row_number: true}, customer_id: 1, ordered_at: 2, gross_amount: 4}",
    )
    text = " 00001 19970101  1   11.77\n 00002 19970112  1   12.00\n 00002 19970112  5   77.00\n"
    path = warehouse.drop("cdnow/CDNOW_master.txt", text.encode())
    warehouse.load()
    ids = warehouse.query("select order_id from raw.mapped_orders order by 1")
    assert redact_all(warehouse, known(warehouse, "cdnow", "00002")) == 1
    assert [line.split("\t") for line in path.read_text().splitlines()] == [
        ["00001", "19970101", "1", "11.77"],
        ['""', "19970112", '""', "12.00"],
        ['""', "19970112", '""', "77.00"],
    ]
    assert warehouse.query("select customer_id, gross_amount from raw.mapped_orders") == [
        ("00001", Decimal("11.77")),
        (None, 12),
        (None, 77),
    ]
    assert warehouse.query("select order_id from raw.mapped_orders order by 1") == ids
    assert warehouse.load().loaded == ()


def test_a_copy_that_the_ledger_lost_is_redacted_too(warehouse: Warehouse) -> None:
    """As after a kill between the ledger and the removal of the old copy."""
    warehouse.drop("orders.csv", csv_bytes(HEADER, ROWS))
    warehouse.load()
    person = known(warehouse)
    (old,) = raw_copies(warehouse)
    content = old.read_bytes()
    redact_all(warehouse, person)
    old.write_bytes(content)
    assert redact_all(warehouse, person) == 1
    assert all("小明同学" not in p.read_text(encoding="utf-8") for p in raw_copies(warehouse))
    assert redact_all(warehouse, person) == 0


def test_a_kill_at_any_step_is_finished_by_the_next_call(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = warehouse.drop("orders.csv", csv_bytes(HEADER, ROWS))
    warehouse.load()
    person = known(warehouse)
    for step in ("put_over", "remove_raw_copy"):
        with monkeypatch.context() as patch:
            patch.setattr(f"dagster_project.privacy.files.{step}", lambda *given: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                redact_all(warehouse, person)
    redact_all(warehouse, person)
    for file in (path, *raw_copies(warehouse)):
        assert "小明同学" not in file.read_text(encoding="utf-8")
    assert warehouse.load().loaded == ()
    assert warehouse.query("select count(*) from raw.taobao_orders") == [(3,)]
