"""The mapping assistant: what it guesses, what it asks, and that its mapping loads."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from dagster_project.ingestion.assistant.document import (
    NotWritten,
    mapping_text,
    write_mapping,
)
from dagster_project.ingestion.assistant.names import match_name
from dagster_project.ingestion.assistant.preview import preview
from dagster_project.ingestion.assistant.propose import Proposal, propose
from dagster_project.ingestion.mapping import parse_mapping

from .conftest import Warehouse
from .headers import EXPORTS, Export

CDNOW = "".join(
    f" {10000 + c:05d} {c:04d} 1997{m:02d}{d:02d} {n:2d} {n * 14.37:7.2f}\n"
    for c, m, d, n in [(1, 1, 1, 2), (1, 1, 18, 2), (1, 8, 2, 1), (2, 1, 1, 3), (3, 2, 4, 1)]
)


def proposed(path: Path, content: str | bytes, entity: str | None = None) -> Proposal:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with duckdb.connect(":memory:") as connection:
        return propose(path, connection, entity)


def means(proposal: Proposal) -> dict[str, str]:
    return {g.column.name: g.header for g in proposal.guesses if g.header is not None}


@pytest.mark.parametrize("export", EXPORTS, ids=lambda export: export.name)
def test_exports_of_many_styles(tmp_path: Path, export: Export):
    found = proposed(tmp_path / "a.csv", export.text)
    assert found.format.entity == export.entity
    assert means(found) == export.means
    assert (found.date_format, found.decimal_comma) == (export.date_format, export.decimal_comma)
    assert found.missing == ()
    for guess in found.guesses:
        assert guess.evidence.zh and guess.evidence.en


@pytest.mark.parametrize("export", EXPORTS, ids=lambda export: export.name)
def test_the_proposed_mapping_loads_every_row(warehouse: Warehouse, export: Export):
    path = warehouse.drop("shop/a.csv", b"")
    text = mapping_text(proposed(path, export.text))
    warehouse.drop("shop/mapping.yml", text.encode())
    report = warehouse.load()
    assert report.refused == ()
    (loaded,) = report.loaded
    assert (loaded.rows, loaded.unreadable_rows) == (export.text.count("\n") - 1, 0)
    assert loaded.rows_with_issues == 0, warehouse.query(
        f"select _issues from raw.mapped_{export.entity}"
    )


def test_a_file_without_header_is_guessed_by_its_values(tmp_path: Path):
    found = proposed(tmp_path / "a.txt", CDNOW)
    assert found.format.entity == "orders"
    assert means(found) == {
        "customer_id": "1", "ordered_at": "3", "item_count": "4", "gross_amount": "5"
    }  # fmt: skip
    (order_id,) = (guess for guess in found.guesses if guess.header is None)
    assert order_id.row_number
    assert any("really an order" in question.en for question in found.questions)
    text = mapping_text(found)
    assert "header: false" in text and "delimiter: whitespace" in text


def dated(*dates: str) -> str:
    rows = [f'{number},"{date}",{number}.50' for number, date in enumerate(dates, start=1)]
    return "order id,order date,total\n" + "\n".join(rows) + "\n"


@pytest.mark.parametrize(
    ("dates", "date_format"),
    [
        (["03/04/2024", "25/04/2024"], "%d/%m/%Y"),
        (["03/04/2024", "04/25/2024"], "%m/%d/%Y"),
        (["03/04/24 10:05", "04/25/24 11:00"], "%m/%d/%y %H:%M"),
        (["03.04.2024", "05.04.2024"], "%d.%m.%Y"),
        (["3-4-2024 10:05:06", "25-4-2024 10:05:06"], "%d-%m-%Y %H:%M:%S"),
        (["Mar 3, 2024", "Apr 25, 2024"], "%b %d, %Y"),
        (["3 March 2024", "25 April 2024"], "%d %B %Y"),
        (["2024-03-04", "2024/3/25 9:05"], None),
        (["20240304", "20240325"], None),
        (["2024-03-04T10:05:06Z", "2024-03-25T10:05:06+08:00"], None),
    ],
)
def test_the_date_format_follows_from_the_values(tmp_path: Path, dates, date_format):
    found = proposed(tmp_path / "a.csv", dated(*dates))
    assert found.date_format == date_format
    assert means(found)["ordered_at"] == "order date"
    assert found.questions == ()


@pytest.mark.parametrize(
    ("dates", "asked"),
    [
        (["03/04/2024", "05/06/2024"], "nothing says which is first"),
        (["13/04/2024", "04/25/2024"], "export them in one form"),
    ],
)
def test_day_or_month_first_is_asked_when_nothing_says_it(tmp_path: Path, dates, asked):
    found = proposed(tmp_path / "a.csv", dated(*dates))
    assert found.date_format is None
    assert [question.en for question in found.questions if asked in question.en]
    assert means(found)["ordered_at"] == "order date"
    assert asked in mapping_text(found)


@pytest.mark.parametrize(
    ("header", "value", "hashed"),
    [
        ("买家昵称", "小明", True),
        ("客户编号", "13912345678", True),
        ("客户编号", "M10024", False),
    ],
)
def test_an_id_that_people_can_read_is_hashed(tmp_path: Path, header, value, hashed):
    text = f"order id,date,total,{header}\n1,2024-03-04,5,{value}\n2,2024-03-05,6,{value}\n"
    found = proposed(tmp_path / "a.csv", text)
    assert means(found)["customer_id"] == header
    assert ("hash: true" in mapping_text(found)) == hashed


def test_what_is_missing_is_named(tmp_path: Path):
    found = proposed(tmp_path / "a.csv", "order id,colour\n1,red\n", "orders")
    assert found.missing == ("ordered_at",)
    assert found.unused == ("colour",)
    assert "# 缺少 / missing: ordered_at" in mapping_text(found)


def test_words_of_a_status_that_nobody_knows_are_asked(tmp_path: Path):
    text = "order id,date,total,status\n1,2024-03-04,5,Shipped\n2,2024-03-05,6,Zurück\n"
    found = proposed(tmp_path / "a.csv", text)
    (status,) = (guess for guess in found.guesses if guess.column.name == "status")
    assert status.values == (("Shipped", "shipped"),)
    assert any("Zurück" in question.en for question in found.questions)


def test_a_name_alone_does_not_make_a_number(tmp_path: Path):
    text = "order id,date,total\n1,2024-03-04,a lot\n2,2024-03-05,little\n"
    assert "gross_amount" not in means(proposed(tmp_path / "a.csv", text, "orders"))


def test_the_currency_is_read_off_the_amounts(tmp_path: Path):
    text = 'order id,date,total\n1,2024-03-04,"€1,299.00"\n2,2024-03-05,€5.00\n'
    assert "currency: {constant: EUR}" in mapping_text(proposed(tmp_path / "a.csv", text))


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("Quantiy", "quantity"),
        ("Custmer ID", "customer_id"),
        ("date of order", "ordered_at"),
        ("OrderDate", "ordered_at"),
        ("订单实付金额（元）", "paid_amount"),
        ("E-Mail Address", "email"),
    ],
)
def test_near_names(name: str, column: str):
    assert match_name(name, "orders" if column != "quantity" else "order_lines", column)


@pytest.mark.parametrize(
    ("name", "column"), [("Quality", "quantity"), ("备注", "order_id"), ("", "email")]
)
def test_other_names(name: str, column: str):
    assert match_name(name, "order_lines" if column == "quantity" else "orders", column) is None


def test_encodings_and_sheets(tmp_path: Path):
    import openpyxl

    export = next(export for export in EXPORTS if export.name == "generic_chinese_lines")
    assert means(proposed(tmp_path / "a.csv", export.text.encode("gb18030"))) == export.means
    book = openpyxl.Workbook()
    book.active.append(["说明"])
    sheet = book.create_sheet("明细")
    for line in export.text.splitlines():
        sheet.append(line.split(","))
    book.save(tmp_path / "a.xlsx")
    with duckdb.connect(":memory:") as connection:
        assert means(propose(tmp_path / "a.xlsx", connection)) == export.means


def test_the_preview_shows_rows_as_they_would_arrive(warehouse: Warehouse, tmp_path: Path):
    path = tmp_path / "shop" / "a.csv"
    path.parent.mkdir()
    found = proposed(path, dated("2024-03-04", "2024-13-45"))
    seen = preview(path, mapping_text(found), found.format, warehouse.settings)
    assert (seen.refusal, seen.rows, seen.unreadable) == (None, 2, 1)
    assert seen.columns == ("source", "order_id", "ordered_at", "gross_amount")
    assert [str(value) for value in seen.first[0]] == ["shop", "1", "2024-03-04 00:00:00", "1.5000"]
    assert seen.issues == (('order date: "2024-13-45" is not a time', 1),)
    assert list(warehouse.landing.iterdir()) == []
    refused = preview(path, "entity: people", found.format, warehouse.settings)
    assert refused.refusal is not None and "people" in refused.refusal


def test_a_long_file_is_seen_by_its_start(warehouse: Warehouse, tmp_path: Path):
    path = tmp_path / "a.csv"
    rows = "".join(f"{n},2024-03-04,{n}.5,{'x' * 90}\n" for n in range(90_000))
    found = proposed(path, "order id,date,total,note\n" + rows)
    seen = preview(path, mapping_text(found), found.format, warehouse.settings)
    assert (seen.is_whole, seen.unreadable) == (False, 0)
    assert 70_000 < seen.rows < 90_000


ORDERS = "entity: orders\n# ours\ncolumns: {order_id: a, ordered_at: b}\n"
LINES = "entity: order_lines\ncolumns: {order_id: a, product_id: c, gross_amount: d}\n"


def test_a_mapping_is_written_and_another_table_is_added(tmp_path: Path):
    path = tmp_path / "file.csv"
    target = write_mapping(ORDERS, path)
    assert target.read_text(encoding="utf-8") == ORDERS
    write_mapping(LINES, path)
    text = target.read_text(encoding="utf-8")
    assert "# ours" in text
    write_mapping("entity: customers\ncolumns: {customer_id: e}\n", path)
    tables = parse_mapping(target.read_text(encoding="utf-8"), "x").tables
    assert [table.format.entity for table in tables] == ["orders", "order_lines", "customers"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("tables:\n  - {entity: customers, columns: {customer_id: e}}\nsource: s\n", LINES),
        ("entity: [", LINES),
        ("just text", LINES),
        (ORDERS, "entity: orders\nheader: false\ncolumns: {order_id: 1, ordered_at: 2}\n"),
        (ORDERS, "entity: orders\ncolumns: {order_id: a}\n"),
    ],
)
def test_a_mapping_that_cannot_be_added_changes_nothing(tmp_path: Path, old: str, new: str):
    target = tmp_path / "mapping.yml"
    target.write_text(old, encoding="utf-8")
    with pytest.raises(NotWritten):
        write_mapping(new, tmp_path / "file.csv")
    assert target.read_text(encoding="utf-8") == old
    assert list(tmp_path.iterdir()) == [target]
