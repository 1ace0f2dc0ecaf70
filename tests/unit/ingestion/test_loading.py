"""Rows reach the raw tables the same way whatever file they came in, and none is lost."""

from __future__ import annotations

import io
import json
import threading
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import openpyxl
import pytest

from dagster_project.ingestion.open_quotes import disarm
from dagster_project.ingestion.tables import definitions

from .conftest import ORDER_HEADER, ORDER_ROWS, Warehouse, csv_bytes

CONTENT = "select * exclude (_batch_id, _file_id) from raw.taobao_orders order by _row_number"
PERSONAL = "select * exclude (_file_id) from raw.taobao_orders_personal order by _row_number"


def xlsx_bytes(*sheets: tuple[str, list[list[object]]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def typed_order_rows() -> list[list[object]]:
    """The order rows as a spreadsheet holds them: real numbers and dates."""
    first, second = [list(row) for row in ORDER_ROWS]
    first[2], second[2] = 86.5, 1299
    for row in (first, second):
        row[5] = datetime.fromisoformat(row[5])
        row[6] = row[6] or None
    return [first, second]


def parquet_bytes(folder: Path) -> bytes:
    path = folder / "typed.parquet"
    marks = ", ".join("?" for _ in ORDER_HEADER)
    names = ", ".join(f'"{name}"' for name in ORDER_HEADER)
    values = [value for row in typed_order_rows() for value in row]
    with duckdb.connect() as connection:
        connection.execute(
            f"create table t as select * from (values ({marks}), ({marks})) as t({names})", values
        )
        connection.execute(f"copy t to '{path}' (format parquet)")
    return path.read_bytes()


def shuffled_csv() -> bytes:
    order = [5, 2, 0, 6, 1, 4, 3]
    header = [f" {ORDER_HEADER[i]}\t" for i in order] + ["多余的列"]
    return csv_bytes(header, [[row[i] for i in order] + ["x"] for row in ORDER_ROWS])


def jsonl_bytes() -> bytes:
    records = [dict(zip(ORDER_HEADER, row, strict=True)) for row in ORDER_ROWS]
    return "\n".join(json.dumps(record, ensure_ascii=False) for record in records).encode()


def variants(folder: Path) -> dict[str, bytes]:
    rows = ORDER_ROWS
    return {
        "bom.csv": csv_bytes(ORDER_HEADER, rows, "utf-8-sig"),
        "gb18030.csv": csv_bytes(ORDER_HEADER, rows, "gb18030"),
        "utf16.csv": csv_bytes(ORDER_HEADER, rows, "utf-16"),
        "utf16le.csv": csv_bytes(ORDER_HEADER, rows, "utf-16-le"),
        "utf16be.csv": csv_bytes(ORDER_HEADER, rows, "utf-16-be"),
        "semicolon.csv": csv_bytes(ORDER_HEADER, rows, delimiter=";"),
        "tab.txt": csv_bytes(ORDER_HEADER, rows, "utf-16", delimiter="\t"),
        "crlf.csv": csv_bytes(ORDER_HEADER, rows).replace(b"\n", b"\r\n"),
        "mixed.csv": csv_bytes(ORDER_HEADER, rows).replace(b"\n", b"\r\n", 1),
        "blank_lines.csv": b"\n\n" + csv_bytes(ORDER_HEADER, rows) + b"\n,,,,,,\n",
        "shuffled.csv": shuffled_csv(),
        "text.xlsx": xlsx_bytes(("订单报表", [ORDER_HEADER, *rows])),
        "typed.xlsx": xlsx_bytes(("订单报表", [ORDER_HEADER, *typed_order_rows(), [], [None]])),
        "typed.parquet": parquet_bytes(folder),
        "rows.jsonl": jsonl_bytes(),
    }


def test_same_content_gives_the_same_rows(warehouse: Warehouse, tmp_path: Path):
    warehouse.drop_orders("plain.csv")
    warehouse.load()
    expected = warehouse.query(CONTENT)
    personal = warehouse.query(PERSONAL)
    assert [row[4] for row in expected] == ["1001", "1002"]
    assert {row[1] for row in personal} == {"小明", "阿𠮷"}
    (warehouse.landing / "plain.csv").unlink()
    for name, content in variants(tmp_path).items():
        path = warehouse.drop(name, content)
        report = warehouse.load()
        assert [file.rows for file in report.loaded] == [2], name
        file_id = warehouse.query("select max(file_id) from raw.ingested_files")[0][0]
        where = f"where _file_id = {file_id}"
        assert warehouse.query(CONTENT.replace("order by", where + " order by")) == expected, name
        assert warehouse.query(PERSONAL.replace("order by", where + " order by")) == personal, name
        path.unlink()


def test_values_are_typed(warehouse: Warehouse):
    warehouse.drop_orders()
    warehouse.load()
    row = warehouse.query(
        "select order_id, total_amount, status_text, created_at, is_brushed, province, city, "
        "paid_amount, _issues, _unreadable, _row_number from raw.taobao_orders order by order_id"
    )
    assert row == [
        ("1001", Decimal("86.5"), "交易成功", datetime(2019, 3, 11, 10, 5, 6), False,
         "浙江", "杭州", None, None, False, 1),
        ("1002", Decimal("1299"), "等待付款", datetime(2019, 3, 12), True,
         "上海", "上海", None, None, False, 2),
    ]  # fmt: skip


def test_personal_values_stay_out_of_the_main_table(warehouse: Warehouse):
    warehouse.drop_orders()
    warehouse.load()
    text = str(warehouse.query("select * from raw.taobao_orders"))
    for personal in ("小明", "阿𠮷", "文一路", "刷单"):
        assert personal not in text
    assert warehouse.query("select count(distinct buyer_key) from raw.taobao_orders") == [(2,)]


def test_what_does_not_parse_is_written_beside(warehouse: Warehouse):
    good = ORDER_ROWS[0]
    rows = [
        ["1.2E+18", *good[1:]],
        [good[0], good[1], "abc", *good[3:5], "2019-13-45", ""],
        [*good[:5], "2999-01-01 00:00:00", ""],
        ["", *good[1:]],
    ]
    warehouse.drop_orders(rows=rows)
    report = warehouse.load()
    found = warehouse.query(
        "select _issues, _unreadable from raw.taobao_orders order by _row_number"
    )
    assert found == [
        ('订单编号: "1.2E+18" is not an id: a spreadsheet ruined the number', True),
        ('总金额: "abc" is not an amount; 订单创建时间: "2019-13-45" is not a time', True),
        ('订单创建时间: "2999-01-01 00:00:00" is outside the plausible range', True),
        (None, False),  # a missing key is no broken value
    ]
    assert (report.loaded[0].unreadable_rows, report.loaded[0].rows_with_issues) == (3, 3)
    ledger = "select rows, unreadable_rows, unparsed_values from raw.ingested_files"
    assert warehouse.query(ledger) == [(4, 3, 3)]


def test_structurally_broken_rows_are_kept_beside(warehouse: Warehouse):
    good = ",".join(["{}", "a", "1", "ok", "上海", "2019-03-11", ""])
    lines = [",".join(ORDER_HEADER), *(good.format(i) for i in range(1, 7))]
    lines[2] = "2,too few"
    lines[3] = lines[3] + ",extra,more"
    lines[5] = '5,"a"b,1,ok,上海,2019-03-11,'
    warehouse.drop("orders.csv", "\n".join(lines).encode())
    report = warehouse.load()
    assert warehouse.query("select order_id, _row_number from raw.taobao_orders order by 2") == [
        ("1", 1), ("4", 4), ("6", 6)
    ]  # fmt: skip
    rejected = warehouse.query("select * exclude (_batch_id) from raw.unreadable_rows order by 2")
    file_id = warehouse.query("select file_id from raw.ingested_files")[0][0]
    assert [(row[0], row[1], row[2], row[3]) for row in rejected] == [
        (file_id, 2, "taobao_orders", lines[2]),
        (file_id, 3, "taobao_orders", lines[3]),
        (file_id, 5, "taobao_orders", lines[5]),
    ]
    assert all(row[4] for row in rejected)
    assert (report.loaded[0].rows, report.loaded[0].unreadable_rows) == (6, 3)


@pytest.mark.parametrize("broken", [[2], [2, 30_000], [39_998, 39_999, 40_000]])
def test_an_open_quote_costs_its_own_row_only(warehouse: Warehouse, broken: list[int]):
    """With no other quote to the end of the file, with one far below, and one after the other."""
    good = ",".join(["{}", "a", "1", "ok", "上海", "2019-03-11", "x" * 60])
    lines = [",".join(ORDER_HEADER), *(good.format(i) for i in range(1, 40_001))]
    for number in broken:
        lines[number] = f'{number},"8 inch,1,ok,上海,2019-03-11,'
    warehouse.drop("orders.csv", "\n".join(lines).encode())
    warehouse.load()
    rejected = warehouse.query("select _row_number, raw_text from raw.unreadable_rows order by 1")
    assert rejected == [(number, lines[number]) for number in broken]
    count, wrong = warehouse.query(
        "select count(*), count(*) filter (where order_id <> _row_number::varchar) "
        "from raw.taobao_orders"
    )[0]
    assert (count, wrong) == (40_000 - len(broken), 0)


def test_blank_lines_do_not_move_row_numbers(warehouse: Warehouse):
    row = ",".join(["{}", "a", "1", '"ok\r\n\r\nok"', "上海", "2019-03-11", ""])
    lines = [",".join(ORDER_HEADER), row.format(1), "", "", "2,few", "", row.format(3), "4,few"]
    warehouse.drop("orders.csv", ("\r\n" + "\r\n".join(lines)).encode())
    warehouse.load()
    assert warehouse.query("select order_id, _row_number from raw.taobao_orders order by 2") == [
        ("1", 1),
        ("3", 3),
    ]
    numbers = warehouse.query("select _row_number, raw_text from raw.unreadable_rows order by 1")
    assert numbers == [(2, "2,few"), (4, "4,few")]


def test_names_with_wildcards_are_only_names(warehouse: Warehouse, tmp_path: Path):
    for name in ("[ab].parquet", "*.parquet", "a?'\".csv", "{x}.jsonl"):
        content = {"parquet": parquet_bytes(tmp_path), "jsonl": jsonl_bytes()}
        suffix = name.rsplit(".", 1)[1]
        warehouse.drop(name, content.get(suffix) or csv_bytes(ORDER_HEADER, ORDER_ROWS))
    report = warehouse.load()
    assert [file.rows for file in report.loaded] == [2, 2, 2]
    assert len(report.skipped) == 1


def test_typed_parquet_columns_are_read_like_text(warehouse: Warehouse):
    """Doubles as ids, NaN as nothing, times with a zone, decimals and integers as amounts."""
    path = warehouse.landing / "typed.parquet"
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'America/New_York'")
        connection.execute(
            "copy (select 536365 as InvoiceNo, 'S' as StockCode, 6::tinyint as Quantity, "
            "timestamptz '2011-01-01 00:00:00+00' as InvoiceDate, "
            "2.55::decimal(9, 3) as UnitPrice, "
            "13085::double as CustomerID "
            "union all select 536366, 'S', 1, null, 1, 'nan'::double) "
            f"to '{path}' (format parquet)"
        )
    warehouse.load()
    assert warehouse.query(
        "select invoice, quantity, invoice_date, unit_price, customer_id, _issues, _unreadable "
        "from raw.online_retail order by 1"
    ) == [
        ("536365", 6, datetime(2011, 1, 1, 8), Decimal("2.55"), "13085", None, False),
        ("536366", 1, None, 1, None, None, False),
    ]


def test_a_stray_zero_byte_is_not_utf_16(warehouse: Warehouse):
    header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice\n"
    warehouse.drop("nul.csv", header.encode() + b"1,S,a\0b,1,2011-01-01,1\n")
    assert [file.rows for file in warehouse.load().loaded] == [1]


def test_disarming_keeps_every_length(tmp_path: Path):
    path = tmp_path / "a.csv"
    path.write_bytes(b'a,b\n1,"x\n2,y\n')
    disarmed = disarm(path, [4], ",", tmp_path / "b.csv").read_bytes()
    assert len(disarmed) == len(path.read_bytes())
    assert disarmed.splitlines()[0] == b"a,b" and disarmed.splitlines()[2] == b"2,y"
    assert b'"' not in disarmed


def test_row_numbers_are_those_of_a_large_file(warehouse: Warehouse):
    count = 300_000
    path = warehouse.landing / "big.csv"
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (select range + 1 as InvoiceNo, 'S' as StockCode, 'd' as Description, "
            f"1 as Quantity, '2011-01-01 00:00:00' as InvoiceDate, 1.5 as UnitPrice, "
            f"repeat('x', 100) as Country from range({count})) to '{path}' (header)"
        )
    lines = path.read_text().splitlines()
    for broken in (10, 11, 250_000):
        lines[broken] = f"{broken},broken"
    path.write_text("\n".join(lines))
    warehouse.load()
    rows = warehouse.query(
        "select count(*), count(*) filter (where invoice <> _row_number::varchar) "
        "from raw.online_retail"
    )
    assert rows == [(count - 3, 0)]
    numbers = warehouse.query("select _row_number from raw.unreadable_rows order by 1")
    assert numbers == [(10,), (11,), (250_000,)]


def test_a_workbook_gives_every_known_sheet(warehouse: Warehouse):
    lines_header = ["子订单编号", "主订单编号", "标题", "价格", "购买数量", "备注"]
    warehouse.drop(
        "book.xlsx",
        xlsx_bytes(
            ("说明", [["请看下一页"]]),
            ("订单报表", [ORDER_HEADER, *ORDER_ROWS]),
            ("二月", [ORDER_HEADER, ["1003", *ORDER_ROWS[0][1:]]]),
            ("销售明细", [lines_header, ["1", "1001", "裙", "¥43.25", "2件", "电话"]]),
            ("空", []),
        ),
    )
    report = warehouse.load()
    assert report.loaded[0].formats == ("taobao_orders", "taobao_order_lines")
    assert warehouse.query("select order_id, _row_number from raw.taobao_orders order by 2") == [
        ("1001", 1), ("1002", 2), ("1003", 3)
    ]  # fmt: skip
    assert warehouse.query("select unit_price, quantity from raw.taobao_order_lines") == [
        (Decimal("43.25"), 2)
    ]
    ledger = warehouse.query("select format, rows, encoding from raw.ingested_files")
    assert ledger == [("taobao_orders, taobao_order_lines", 4, None)]


def test_all_tables_exist_after_an_empty_load(warehouse: Warehouse):
    report = warehouse.load()
    assert (report.loaded, report.refused, report.batch_id) == ((), (), 1)
    assert set(warehouse.contents()) == set(definitions())


def test_a_header_alone_loads_no_rows(warehouse: Warehouse):
    warehouse.drop_orders(rows=[])
    assert [file.rows for file in warehouse.load().loaded] == [0]


def test_hidden_and_half_written_files_are_left_alone(warehouse: Warehouse):
    for name in (".x.csv", "~$x.xlsx", "x.csv.part", "x.tmp", ".hidden/x.csv"):
        warehouse.drop(name, b"not a table")
    report = warehouse.load()
    assert (report.loaded, report.refused) == ((), ())


def test_an_ascii_start_of_a_chinese_file_is_read_again(warehouse: Warehouse):
    header = ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice"]
    rows = [["1", "S", "x" * 50, "1", "2011-01-01", "1"]] * 20_000
    rows[-1] = ["1", "S", "红色", "1", "2011-01-01", "1"]
    warehouse.drop("late.csv", csv_bytes(header, rows, "gb18030"))
    assert [file.rows for file in warehouse.load().loaded] == [20_000]
    assert warehouse.query("select max(description) from raw.online_retail") == [("红色",)]


def test_a_file_that_is_still_being_copied_waits_for_the_next_load(warehouse):
    whole = csv_bytes(ORDER_HEADER, ORDER_ROWS * 50)
    path = warehouse.drop("copying.csv", whole[:200])
    stop = threading.Event()

    def copy() -> None:
        with path.open("ab") as file:
            for start in range(200, len(whole), 50):
                if stop.wait(0.05):
                    break
                file.write(whole[start : start + 50])
                file.flush()

    copier = threading.Thread(target=copy)
    copier.start()
    try:
        report = warehouse.load()
    finally:
        stop.set()
        copier.join()
    assert [(file.relative, file.reason) for file in report.skipped] == [
        ("copying.csv", "it is still being written; the next load takes it")
    ]
    path.write_bytes(whole)
    assert [file.rows for file in warehouse.load().loaded] == [100]


def test_a_zero_byte_in_the_header_does_no_harm(warehouse: Warehouse):
    mapping = 'entity: orders\ncolumns: {order_id: "a\\0b", ordered_at: t}'
    warehouse.drop("shop/mapping.yml", mapping.encode())
    warehouse.drop("shop/a.csv", b"a\0b,t\n1.2E+18,2019-03-11\n" + b"1,2019-03-11\n" * 9)
    assert warehouse.load().loaded[0].unreadable_rows == 1
    ((issue,),) = warehouse.query("select _issues from raw.mapped_orders where _unreadable")
    assert issue.startswith("a\0b: ")
