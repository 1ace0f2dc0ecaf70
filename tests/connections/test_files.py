"""Connection files: what is refused, and in which words. Needs no dlt."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from dagster_project.connections.files import ConnectionFileError, read_connection
from dagster_project.settings import PROJECT_DIR

Write = Callable[[str, str], Path]

POSTGRES = """
kind: postgres
host: db.example
database: shop
user: reader
password: ${SHOP_DB_PASSWORD}
resources:
  orders:
    table: orders
    entity: orders
    columns:
      order_id: no
      ordered_at: at
      gross_amount: amount
      status: {column: state, values: {1: paid}}
"""
REST = """
kind: rest
base_url: https://api.example/v1
auth:
  type: bearer
  token: ${SHOP_API_TOKEN}
resources:
  orders:
    path: orders
    params:
      status: any
    paginator: {type: single_page}
    data_selector: $
    cursor:
      field: updated_at
      param: since
    entity: orders
    columns: {order_id: id, ordered_at: at, gross_amount: total}
"""


def test_postgres(write_connection: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_DB_PASSWORD", "p@ss")
    connection = read_connection(write_connection("erp", POSTGRES))
    (orders,) = connection.resources
    # As in a mapping.yml, a column called `no` and a value `1` are texts.
    assert orders.headers == ("no", "at", "amount", "state")
    assert orders.mapping.columns[-1].values == (("1", "paid"),)
    assert "source: erp" in orders.mapping.text
    assert connection.login["password"] == "p@ss"
    assert connection.login["sslmode"] == "require"
    assert "p@ss" not in repr(connection)


def test_rest(write_connection: Write) -> None:
    connection = read_connection(write_connection("shop_api", REST))
    (orders,) = connection.resources
    assert orders.cursor is not None
    assert (orders.cursor.kind, orders.cursor.overlap) == ("time", 3600)
    assert orders.asked_for == "orders?status=any"


@pytest.mark.parametrize(
    ("text", "old", "new", "expected"),
    [
        (POSTGRES, "${SHOP_DB_PASSWORD}", "hunter2", "`password` must not stand in the file"),
        (POSTGRES, "SHOP_DB_PASSWORD", "SHOP_NOT_SET", "variable SHOP_NOT_SET is not set"),
        (POSTGRES, "kind: postgres", "kind: mysql", "`kind` is 'mysql'; use one of postgres, rest"),
        (POSTGRES, "user: reader", "username: x", "unknown: username. Use: kind, host"),
        (POSTGRES, "    table: orders\n", "", "resources, orders: .*`table` is missing"),
        (POSTGRES, "  orders:", "  Orders:", "resources, Orders: .*small letters"),
        (POSTGRES, "order_id: no", "id: no", "orders: .*unknown warehouse column: id"),
        (POSTGRES, "entity: orders", "entity: cats", "`entity` is 'cats'; use one of"),
        (POSTGRES, "kind: postgres", "kind: [", "its YAML is broken"),
        (REST, "${SHOP_API_TOKEN}", "abc", "auth: .*`token` must not stand in the file"),
        (REST, "https:", "http:", "`base_url` must begin with https://"),
        (REST, "//api", "//u:p@api", "`base_url` must hold no password"),
        (REST, "status: any", "api_key: abc", "`api_key` looks like a secret; use `auth`"),
        (REST, "    paginator: {type: single_page}\n", "", "paginator: .*lines are expected"),
        (REST, "param: since", "overlap: -1\n      param: since", "`overlap` must be a number, 0"),
        (REST, "      param: since\n", "", "orders, cursor: .*`param` is missing"),
    ],
)
def test_what_is_wrong_is_named(
    write_connection: Write,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    old: str,
    new: str,
    expected: str,
) -> None:
    monkeypatch.setenv("SHOP_DB_PASSWORD", "p@ss")
    assert old in text
    with pytest.raises(ConnectionFileError) as error:
        read_connection(write_connection("shop", text.replace(old, new)))
    assert re.match("connections/shop.yml", str(error.value))
    assert re.search(expected, str(error.value))
    assert re.search("[一-鿿]", str(error.value))


def test_examples_of_the_documentation(
    write_connection: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_DB_PASSWORD", "p@ss")
    text = (PROJECT_DIR / "docs" / "how-to-add-a-source.md").read_text(encoding="utf-8")
    examples = re.findall(
        r"`warehouse/connections/(\w+)\.yml`:\n\n```yaml\n(.*?)```", text, re.DOTALL
    )
    assert [name for name, _ in examples] == ["erp", "shop_api"]
    for name, example in examples:
        assert read_connection(write_connection(name, example)).resources


def test_the_file_name_becomes_a_folder(write_connection: Write) -> None:
    with pytest.raises(ConnectionFileError, match="small letters"):
        read_connection(write_connection("Shop-API", REST))
