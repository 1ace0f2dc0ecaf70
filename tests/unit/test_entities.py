"""Where the tables of the entity diagram stand, and what is drawn between them."""

from __future__ import annotations

from dagster_project.dashboard.entities import Reference, arrange, entities_page, read_references


def _reference(line: str) -> Reference:
    source, target = line.split(" > ")
    return Reference(*source.split("."), *target.split("."))


SHOP = [
    _reference("items.order_id > orders.order_id"),
    _reference("items.product_id > products.product_id"),
    _reference("orders.customer_id > customers.customer_id"),
    _reference("customers.referrer_id > customers.customer_id"),
]


def test_a_table_stands_left_of_all_that_it_refers_to() -> None:
    boxes = arrange(SHOP)
    assert boxes.keys() == {"items", "orders", "products", "customers"}
    assert boxes["items"].x < boxes["orders"].x < boxes["customers"].x == boxes["products"].x


def test_boxes_hold_the_joined_columns_and_never_overlap() -> None:
    boxes = arrange(SHOP)
    assert boxes["customers"].columns == ["customer_id", "referrer_id"]
    assert boxes["products"].columns == ["product_id"]
    beside = sorted((boxes["customers"], boxes["products"]), key=lambda box: box.y)
    assert beside[0].y + beside[0].height < beside[1].y
    for box in boxes.values():
        rows = [box.row(column) for column in box.columns]
        assert rows == sorted(rows)
        assert box.y < rows[0] and rows[-1] < box.y + box.height


def test_tables_that_refer_to_each_other_stand_together() -> None:
    circle = [_reference("a.b_id > b.b_id"), _reference("b.a_id > a.a_id")]
    boxes = arrange([*circle, _reference("c.a_id > a.a_id")])
    assert boxes["a"].x == boxes["b"].x > boxes["c"].x


def test_nothing_refers_to_anything() -> None:
    assert arrange([]) == {}
    page = entities_page({"nodes": [{"id": "m.a", "name": "a", "description": "d"}], "edges": []})
    assert 'id="alone"><a href="definitions.html#a">a</a>' in page


def test_the_page_draws_every_edge_and_lists_what_stands_alone() -> None:
    nodes = [
        {"id": f"m.{name}", "name": name, "description": f"One row per <{name}>."}
        for name in ("fct", "dim", "daily")
    ]
    edge = {"from_id": "m.fct", "to_id": "m.dim", "from_columns": ["d_id"], "to_columns": ["id"]}
    erd = {"nodes": nodes, "edges": [edge]}
    assert read_references(erd) == [Reference("fct", "d_id", "dim", "id")]
    page = entities_page(erd)
    assert "<title>fct.d_id → dim.id</title>" in page
    assert "One row per &lt;fct&gt;." in page
    assert page.count('class="table"') == 2
    assert 'id="alone"><a href="definitions.html#daily">daily</a>' in page
