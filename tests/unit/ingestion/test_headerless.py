"""Files without a header, by their values or by a mapping, and files parted by spaces."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

from dagster_project.ingestion.encoding import CHUNK_BYTES, spaces_to_tabs, tabs_for_spaces
from dagster_project.ingestion.formats import FormatError, parse_format

from .conftest import Warehouse

# Saturday 2017-11-25 01:21:10 in Shanghai, as in the public file's first days.
BEHAVIOUR = [f"{user},{item},2520377,{kind},{1511544070 + user}" for user, item, kind in [
    (1, 2268318, "pv"), (1, 2333346, "cart"), (2, 2576651, "fav"), (3, 3830808, "buy"),
]]  # fmt: skip
EVENTS = "select _row_number, user_id, product_id, event_type, event_at from raw."
EVENTS += "taobao_user_behavior order by 1"
ORDERS = """
entity: orders
header: false
delimiter: whitespace
columns:
  order_id: {row_number: true}
  customer_id: 1
  ordered_at: {column: "2"}
  item_count: 3
  gross_amount: 4
"""
PURCHASES = "select order_id, customer_id, ordered_at, item_count, gross_amount, _row_number "
PURCHASES += "from raw.mapped_orders order by _row_number"


def text(lines, end="\n") -> bytes:
    return "".join(line + end for line in lines).encode()


@pytest.mark.parametrize(
    "content",
    [
        text(BEHAVIOUR),
        text(BEHAVIOUR, "\r\n"),
        text(BEHAVIOUR).rstrip(),
        b"\xef\xbb\xbf" + text(BEHAVIOUR),
        b"\r\n\r\n" + text(BEHAVIOUR, "\r\n"),
        text(BEHAVIOUR).decode().encode("utf-16"),
        text([line.replace(",", "\t") for line in BEHAVIOUR]),
        text([line.replace(",", '","').join('""') for line in BEHAVIOUR]),
    ],
    ids=["lf", "crlf", "no_end", "bom", "blank_lines", "utf16", "tabs", "quoted"],
)
def test_user_behaviour_is_known_by_its_values(warehouse: Warehouse, content: bytes):
    warehouse.drop("UserBehavior.csv", content)
    report = warehouse.load()
    assert [(file.source, file.rows) for file in report.loaded] == [("taobao", 4)]
    rows = warehouse.query(EVENTS)
    assert rows[0] == (1, "1", "2268318", "pv", datetime(2017, 11, 25, 1, 21, 11))
    assert [row[0] for row in rows] == [1, 2, 3, 4]
    assert [row[3] for row in rows] == ["pv", "cart", "fav", "buy"]


def test_broken_rows_of_a_headerless_file_are_kept_with_their_number(warehouse: Warehouse):
    lines = BEHAVIOUR * 10
    lines[1] = "1,2,3"
    lines[20] = '4,"5,2520377,pv,1511544070'
    lines[30] = "1,2,2520377,pv,-5"
    warehouse.drop("behaviour.csv", text(lines))
    loaded = warehouse.load().loaded[0]
    assert (loaded.rows, loaded.unreadable_rows, loaded.rows_with_issues) == (40, 3, 1)
    assert warehouse.query(
        "select _row_number, raw_text from raw.unreadable_rows order by 1"
    ) == [(2, lines[1]), (21, lines[20])]  # fmt: skip
    assert warehouse.query(
        "select _row_number, _issues from raw.taobao_user_behavior where _unreadable"
    ) == [(31, 'column 5: "-5" is not a number of seconds since 1970')]
    assert [row[0] for row in warehouse.query(EVENTS)] == [
        n for n in range(1, 41) if n not in (2, 21)
    ]


@pytest.mark.parametrize(
    "line",
    ["1,2,3,pv", "1,2,3,look,1511544070", "a,2,3,pv,1511544070", "1,2,3,pv,x", "1,2,3,pv,1,1"]
)  # fmt: skip
def test_other_values_are_another_file(warehouse: Warehouse, line: str):
    warehouse.drop("other.csv", text([line] * 30))
    assert [file.refusal.code for file in warehouse.load().refused] == ["unknown_header"]


def test_spaces_without_header_or_order_id(warehouse: Warehouse):
    lines = [
        " 00004 0001 19970101  2   29.33",
        " 00004 0001 19970101  2   29.33",
        "00021\t19970104 x",
    ]
    mapping = ORDERS.replace("4", "5").replace("3", "4").replace('"2"', '"3"')
    warehouse.drop("cdnow/mapping.yml", mapping.encode())
    warehouse.drop("cdnow/CDNOW_sample.txt", text(lines, "\r\n"))
    loaded = warehouse.load().loaded[0]
    assert (loaded.rows, loaded.unreadable_rows) == (3, 1)
    ((digest,),) = warehouse.query("select sha256[:8] from raw.ingested_files")
    same = ("00004", datetime(1997, 1, 1), Decimal(2), Decimal("29.33"))
    assert warehouse.query(PURCHASES) == [(f"{digest}-1", *same, 1), (f"{digest}-2", *same, 2)]
    assert warehouse.query("select _row_number, raw_text from raw.unreadable_rows") == [
        (3, "00021\t19970104\tx")
    ]


def test_row_numbers_in_order_ids_count_broken_rows(warehouse: Warehouse):
    lines = [f"{i} 19970101 1 {i}.5" for i in range(1, 6)]
    lines[2] = "too few"
    warehouse.drop("shop/mapping.yml", ORDERS.encode())
    warehouse.drop("shop/a.txt", text(lines))
    warehouse.load()
    assert [(row[0][8:], row[5]) for row in warehouse.query(PURCHASES)] == [
        ("-1", 1), ("-2", 2), ("-4", 4), ("-5", 5)
    ]  # fmt: skip


def test_sheet_without_header(warehouse: Warehouse, tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    for row in (["7", "2019-03-11", 2, 9.5], ["8", "2019-03-12", 1, 4]):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    warehouse.drop("shop/mapping.yml", ORDERS.replace("delimiter: whitespace\n", "").encode())
    warehouse.drop("shop/a.xlsx", (tmp_path / "a.xlsx").read_bytes())
    warehouse.load()
    assert [row[1:] for row in warehouse.query(PURCHASES)] == [
        ("7", datetime(2019, 3, 11), 2, Decimal("9.5"), 1),
        ("8", datetime(2019, 3, 12), 1, 4, 2),
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "|", "tab"])
def test_a_delimiter_that_the_header_hides(warehouse: Warehouse, delimiter: str):
    sign = "\t" if delimiter == "tab" else delimiter
    others = ";,|".replace(delimiter, "")
    content = text(
        [sign.join(["no", "when", f"total {others * 4}"]), sign.join(["1", "20190311", "5"])]
    )
    mapping = (
        f'entity: orders\ndelimiter: "{delimiter}"\n'
        f"columns: {{order_id: no, ordered_at: when, gross_amount: 'total {others * 4}'}}"
    )
    warehouse.drop("shop/mapping.yml", mapping.encode())
    warehouse.drop("shop/a.csv", content)
    warehouse.load()
    assert warehouse.query("select order_id, gross_amount from raw.mapped_orders") == [("1", 5)]


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("header: false", "header: maybe", "'maybe'"),
        ("delimiter: whitespace", "delimiter: '/'", "whitespace"),
        ("customer_id: 1", "customer_id: user", "'user' of `customer_id` is no position"),
        ("customer_id: 1", "customer_id: 9", "columns the file does not have: 9"),
        ("customer_id: 1", "customer_id: {row_number: true}", "only `order_id`"),
        ("{row_number: true}", "{row_number: true, values: {a: b}}", "only `order_id`"),
        ("{row_number: true}", "{row_number: true, column: 1}", "one of"),
        ("customer_id: 1", "customer_id: {column: [1]}", "`column` of `customer_id` is no text"),
    ],
)
def test_a_wrong_mapping_is_explained(warehouse: Warehouse, old: str, new: str, named: str):
    assert old in ORDERS
    warehouse.drop("shop/mapping.yml", ORDERS.replace(old, new).encode())
    warehouse.drop("shop/a.txt", text(["4 19970101 2 29.33"]))
    (refused,) = warehouse.load().refused
    assert refused.refusal.code == "wrong_mapping"
    assert named in refused.refusal.en


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (b"  a b\t c  \n", b"a\tb\tc\n"),
        (b"a b\r\n \r\nc  d", b"a\tb\r\n\r\nc\td"),
        (b"a  b \r c d\r", b"a\tb\rc\td\r"),
        (b'"New  York" 5 ""\n', b'"New  York"\t5\t""\n'),
        (b'a "b c\nd e"\n', b'a\t"b\tc\nd\te"\n'),
    ],
)
def test_spaces_to_tabs(lines: bytes, expected: bytes):
    assert spaces_to_tabs(lines) == expected


def test_tabs_for_spaces_across_chunks(tmp_path):
    source, target = tmp_path / "a", tmp_path / "b"
    source.write_bytes(b" 12   3.5 \n" * (CHUNK_BYTES // 7))
    tabs_for_spaces(source, target)
    assert target.read_bytes() == b"12\t3.5\n" * (CHUNK_BYTES // 7)


HEADERLESS = (
    "format: f\nsource: s\nentity: e\nheaderless: true\ndescription: {zh: x, en: x}\ncolumns:\n"
)


@pytest.mark.parametrize(
    "text",
    [
        HEADERLESS + "  a: {kind: id}",
        HEADERLESS + "  a: {kind: id, position: 1}\n  b: {kind: id, position: 1}",
        HEADERLESS.replace("headerless: true\n", "") + "  a: {kind: id, position: 1}",
    ],
)
def test_positions_belong_to_headerless_formats(text: str):
    with pytest.raises(FormatError, match="position"):
        parse_format(text, "f.yml")
