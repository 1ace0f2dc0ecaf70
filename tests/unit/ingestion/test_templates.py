"""A filled template needs no mapping, and an unfinished one is told what to do."""

from __future__ import annotations

import csv
import io

import pytest

from dagster_project.ingestion.formats import load_formats, recognise
from dagster_project.ingestion.templates import (
    Outcome,
    recognise_template,
    template_csv,
    template_readme,
    write_templates,
)

from .conftest import Warehouse, csv_bytes

ENTITIES = [format_ for format_ in load_formats() if format_.mapped]
BY_NAME = {format_.entity: format_ for format_ in ENTITIES}


def header_of(entity: str) -> tuple[str, ...]:
    return tuple(column.name for column in BY_NAME[entity].given_columns)


@pytest.mark.parametrize("entity", BY_NAME)
def test_a_template_loads_as_it_is(warehouse: Warehouse, entity: str):
    format_ = BY_NAME[entity]
    warehouse.drop(f"any/{entity}.csv", template_csv(format_))
    (loaded,) = warehouse.load().loaded
    assert (loaded.formats, loaded.rows, loaded.unreadable_rows) == ((format_.name,), 1, 0)
    # Every value of the example arrives: no issue, and no column of the table is empty.
    columns = ", ".join(column.name for column in format_.main_columns)
    ((issues, *values),) = warehouse.query(f"select _issues, {columns} from raw.{format_.name}")
    assert issues is None
    assert [c.name for c, v in zip(format_.main_columns, values, strict=True) if v is None] == []
    ids = [v for c, v in zip(format_.main_columns, values, strict=True) if c.kind == "id"]
    assert ids and all(value.startswith("EXAMPLE") for value in ids)
    assert values[0] == "own"


@pytest.mark.parametrize("entity", BY_NAME)
def test_the_required_columns_alone_are_enough(entity: str):
    format_ = BY_NAME[entity]
    for group in format_.require_any or ((),):
        names = [column.name for column in format_.columns if column.required]
        header = tuple(reversed([f" {name.upper()}" for name in dict.fromkeys([*names, *group])]))
        assert recognise(header, load_formats()) is None
        assert recognise_template(header, load_formats()).format.entity == entity


def test_no_platform_takes_a_template_for_its_own_and_none_is_taken_for_a_template():
    formats = load_formats()
    for format_ in formats:
        names = tuple(h for column in format_.columns for h in column.headers[:1])
        if format_.mapped:
            assert recognise(header_of(format_.entity), formats) is None
        elif not format_.headerless:
            assert recognise(names, formats).format is format_


def test_source_and_shop_of_each_row(warehouse: Warehouse):
    rows = [["web", "1", "2024-03-01", "9"], ["", "2", "2024-03-02", "8"]]
    warehouse.drop("a.csv", csv_bytes(["source", "order_id", "ordered_at", "gross_amount"], rows))
    rows = [["3", "2024-03-03", "旗舰店"]]
    warehouse.drop("b.csv", csv_bytes(["order_id", "ordered_at", "shop"], rows))
    warehouse.load()
    assert warehouse.query(
        "select source, shop, order_id, gross_amount from raw.mapped_orders order by order_id"
    ) == [("web", None, "1", 9), ("own", None, "2", 8), ("own", "旗舰店", "3", None)]


def test_personal_columns_of_a_template_stay_apart(warehouse: Warehouse):
    warehouse.drop("c.csv", template_csv(BY_NAME["customers"]))
    warehouse.load()
    ((name,),) = warehouse.query("select name from raw.mapped_customers_personal")
    assert name == "张小样"
    ((keyed,),) = warehouse.query("select name_address_key from raw.mapped_customers")
    assert keyed and "张" not in keyed


def test_a_mapping_goes_before_a_template(warehouse: Warehouse):
    columns = "{order_id: order_id, product_id: customer_id, gross_amount: gross_amount}"
    mapping = f"entity: order_lines\ncolumns: {columns}"
    warehouse.drop("shop/mapping.yml", mapping.encode())
    warehouse.drop("shop/orders.csv", template_csv(BY_NAME["orders"]))
    assert warehouse.load().loaded[0].formats == ("mapped_order_lines",)


@pytest.mark.parametrize(
    ("header", "entity", "named"),
    [
        ("order_id,ordered_at,gross_amount,colour,size", "orders", "colour, size"),
        ("order_id,gross_amount,paid_amount,channel", "orders", "ordered_at"),
        ("order_id,product_id,quantity,gift", "order_lines", "gross_amount | unit_price"),
    ],
)  # fmt: skip
def test_an_unfinished_template_is_told_both_ways_out(
    warehouse: Warehouse, header: str, entity: str, named: str
):
    warehouse.drop("a.csv", csv_bytes(header.split(","), [["1"] * len(header.split(","))]))
    (refused,) = warehouse.load().refused
    assert refused.refusal.code == "unfinished_template"
    for text in (refused.refusal.zh, refused.refusal.en):
        assert f"{entity}.csv" in text and named in text and "mapping.yml" in text


def test_another_header_is_no_template(warehouse: Warehouse):
    warehouse.drop("a.csv", csv_bytes(["order_id", "b", "c", "d"], [["1"] * 4]))
    assert [file.refusal.code for file in warehouse.load().refused] == ["unknown_header"]


def test_what_a_shop_wrote_is_never_overwritten(tmp_path):
    assert {outcome for _, outcome in write_templates(tmp_path)} == {Outcome.WRITTEN}
    assert {outcome for _, outcome in write_templates(tmp_path)} == {Outcome.UNCHANGED}
    (tmp_path / "orders.csv").write_bytes(b"mine")
    outcomes = {path.name: outcome for path, outcome in write_templates(tmp_path)}
    assert [name for name, outcome in outcomes.items() if outcome is Outcome.KEPT] == ["orders.csv"]
    assert (tmp_path / "orders.csv").read_bytes() == b"mine"
    assert set(outcomes) == {*(f"{entity}.csv" for entity in BY_NAME), "README.md"}


def test_templates_are_for_excel_and_the_readme_names_every_column():
    readme = template_readme(tuple(ENTITIES))
    for format_ in ENTITIES:
        content = template_csv(format_)
        assert content.startswith(b"\xef\xbb\xbf")
        names, example = csv.reader(io.StringIO(content.decode("utf-8-sig")))
        assert len(names) == len(example) and names[0] == "source"
        section = readme.split(f"## {format_.entity}.csv")[1].split("\n## ")[0]
        for name in names:
            assert f"| `{name}` |" in section
