"""An API to the raw tables: pages, the cursor, a rate limit, a page that fails."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import duckdb
import pytest

pytest.importorskip("dlt", reason="the extra `sources` is not installed")

from dagster_project.connections.__main__ import main
from dagster_project.connections.extract import Extracted, extract
from dagster_project.connections.files import Connection, Cursor, read_connection
from dagster_project.connections.rest import comparable
from dagster_project.ingestion.loader import load_files
from dagster_project.settings import Settings
from tests.connections.conftest import TOKEN, Api

CONNECTION = """
kind: rest
base_url: {url}
auth:
  type: bearer
  token: ${{SHOP_API_TOKEN}}
{more}
resources:
  orders:
    path: orders
    paginator:
      type: page_number
      base_page: 1
      page_param: page
      total_path: pages
    data_selector: data
    cursor:
      field: updated_at
      param: updated_since
      overlap: {overlap}
    entity: orders
    columns:
      order_id: id
      ordered_at: created_at
      gross_amount: total
      customer_id: buyer.id
      status: {{column: paid, values: {{"true": paid, "false": unpaid}}}}
"""


def order(number: int, updated_at: str, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "created_at": "2024-03-01T10:00:00+08:00",
        "updated_at": updated_at,
        "total": 10.5 + number,
        "paid": True,
        "buyer": {"id": f"b{number}", "phone": "13800000000"},
        "lines": [{"sku": f"S{number}", "price": "1.50"}, {"sku": "gift", "price": 0}],
        **more,
    }


@pytest.fixture
def connect(api: Api, write_connection: Callable[[str, str], Path]) -> Callable[..., Connection]:
    def connection(more: str = "", overlap: int = 0) -> Connection:
        text = CONNECTION.format(url=api.url, more=more, overlap=overlap)
        return read_connection(write_connection("shop_api", text))

    return connection


def raw_orders(settings: Settings) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(settings.work_db), read_only=True) as connection:
        return connection.execute(
            "select order_id, customer_id, gross_amount::varchar, status, ordered_at::varchar "
            "from raw.mapped_orders order by _batch_id, _file_id, _row_number"
        ).fetchall()


def landed(settings: Settings) -> list[Path]:
    return sorted(settings.landing_dir.rglob("*.parquet"))


def test_every_page_arrives_exactly(
    settings: Settings, api: Api, connect: Callable[..., Connection]
) -> None:
    api.orders = [order(n, f"2024-03-0{n}T00:00:00+08:00") for n in range(1, 8)]
    api.orders[6] |= {"id": "A-7", "paid": False, "buyer": None, "total": "1,234.50"}
    assert extract(settings, connect()).failure is None
    assert not load_files(settings).refused
    at = "2024-03-01 10:00:00"
    assert raw_orders(settings) == [
        *((str(n), f"b{n}", f"{10.5 + n:.4f}", "paid", at) for n in range(1, 7)),
        ("A-7", None, "1234.5000", "unpaid", at),
    ]
    assert [query["page"] for _, query in api.requests] == ["1", "2", "3"]


def test_the_next_extract_asks_only_for_what_changed(
    settings: Settings, api: Api, connect: Callable[..., Connection]
) -> None:
    api.orders = [order(n, f"2024-03-0{n}T00:00:00+08:00") for n in range(1, 8)]
    extract(settings, connect())
    load_files(settings)
    api.requests.clear()
    api.sent.clear()
    assert extract(settings, connect()).files == 0
    assert api.requests == [("/v1/orders", {"updated_since": "2024-03-06T16:00:00Z", "page": "1"})]
    assert api.sent == ["7"]

    api.orders[1] = order(2, "2024-03-09T00:00:00+08:00", total=99)
    api.orders.append(order(8, "2024-03-08T00:00:00+08:00"))
    extract(settings, connect())
    load_files(settings)
    assert [row[:3] for row in raw_orders(settings)[7:]] == [
        ("2", "b2", "99.0000"),
        ("8", "b8", "18.5000"),
    ]


def test_overlap_asks_again_from_before_the_cursor(
    settings: Settings, api: Api, connect: Callable[..., Connection]
) -> None:
    api.orders = [order(1, "2024-03-01T00:00:00+08:00")]
    extract(settings, connect(overlap=7200))
    extract(settings, connect(overlap=7200))
    assert api.requests[-1][1]["updated_since"] == "2024-02-29T14:00:00Z"


def test_elements_of_a_list_become_rows(
    settings: Settings, api: Api, write_connection: Callable[[str, str], Path]
) -> None:
    api.orders = [order(1, "2024-03-01T00:00:00+08:00"), order(2, "2024-03-02T00:00:00+08:00")]
    text = CONNECTION.format(url=api.url, more="", overlap=0)
    head, _, _ = text.partition("    entity:")
    lines = """    each: lines
    entity: order_lines
    columns:
      order_id: id
      product_id: lines.sku
      gross_amount: lines.price
"""
    extract(settings, read_connection(write_connection("shop_api", head + lines)))
    load_files(settings)
    with duckdb.connect(str(settings.work_db), read_only=True) as connection:
        assert connection.execute(
            "select order_id, product_id, gross_amount::varchar from raw.mapped_order_lines "
            "order by _row_number"
        ).fetchall() == [
            ("1", "S1", "1.5000"),
            ("1", "gift", "0.0000"),
            ("2", "S2", "1.5000"),
            ("2", "gift", "0.0000"),
        ]


def test_too_many_requests_are_waited_for(
    settings: Settings, api: Api, connect: Callable[..., Connection]
) -> None:
    api.orders = [order(1, "2024-03-01T00:00:00+08:00")]
    api.limited = 1
    started = time.monotonic()
    assert extract(settings, connect()) == Extracted(files=1)
    # dlt's own first wait would be 0.01 s here.
    assert time.monotonic() - started >= 1
    assert len(api.requests) == 2


def test_requests_keep_to_the_limit(
    settings: Settings, api: Api, connect: Callable[..., Connection]
) -> None:
    api.orders = [order(n, f"2024-03-0{n}T00:00:00+08:00") for n in range(1, 8)]
    started = time.monotonic()
    extract(settings, connect("requests_per_second: 4"))
    assert len(api.requests) == 3
    assert time.monotonic() - started >= 0.5


def test_a_page_that_fails_twice_is_asked_for_again(
    settings: Settings, api: Api, connect: Callable[..., Connection]
) -> None:
    api.orders = [order(n, f"2024-03-0{n}T00:00:00+08:00") for n in range(1, 8)]
    api.failures = {2: 2}
    assert extract(settings, connect()) == Extracted(files=1)
    load_files(settings)
    assert [row[0] for row in raw_orders(settings)] == [str(n) for n in range(1, 8)]
    assert [query["page"] for _, query in api.requests] == ["1", "2", "2", "2", "3"]


def test_a_page_that_keeps_failing_lands_nothing_and_keeps_the_cursor(
    settings: Settings, api: Api, connect: Callable[..., Connection]
) -> None:
    api.orders = [order(n, f"2024-03-0{n}T00:00:00+08:00") for n in range(1, 8)]
    extract(settings, connect())
    before = landed(settings)
    api.orders += [order(n, f"2024-03-{n}T00:00:00+08:00") for n in range(10, 17)]
    api.failures = {2: 99}
    extracted = extract(settings, connect())
    assert extracted.files == 0
    assert extracted.failure == (
        f"connections/shop_api.yml, orders: {api.url}/orders"
        "?updated_since=2024-03-06T16%3A00%3A00Z&page=2 answered 500 Internal Server Error"
    )
    assert landed(settings) == before

    api.failures.clear()
    api.requests.clear()
    assert extract(settings, connect()) == Extracted(files=1)
    assert api.requests[0][1] == {"updated_since": "2024-03-06T16:00:00Z", "page": "1"}
    load_files(settings)
    assert [row[0] for row in raw_orders(settings)] == [
        str(n) for n in (*range(1, 8), *range(10, 17))
    ]


@pytest.mark.parametrize(
    ("location", "shown"), [("header", "answered 401"), ("query", "tok=\\*\\*\\*")]
)
def test_a_failure_never_shows_the_secret(
    settings: Settings,
    api: Api,
    write_connection: Callable[[str, str], Path],
    location: str,
    shown: str,
) -> None:
    auth = f"type: api_key\n  name: tok\n  location: {location}\n  api_key: ${{SHOP_API_TOKEN}}"
    text = CONNECTION.format(url=api.url, more="", overlap=0)
    text = text.replace("type: bearer\n  token: ${SHOP_API_TOKEN}", auth)
    extracted = extract(settings, read_connection(write_connection("shop_api", text)))
    assert re.search(shown, extracted.failure or "")
    for secret in (TOKEN, quote(TOKEN, safe="")):
        assert secret not in (extracted.failure or "")


def test_a_server_that_is_away_is_named(
    settings: Settings, api: Api, write_connection: Callable[[str, str], Path]
) -> None:
    text = CONNECTION.format(url="http://127.0.0.1:9/v1", more="", overlap=0)
    extracted = extract(settings, read_connection(write_connection("shop_api", text)))
    assert "http://127.0.0.1:9/v1/orders" in (extracted.failure or "")
    assert "does not answer" in (extracted.failure or "")


def test_a_wrong_cursor_is_named(
    settings: Settings, api: Api, connect: Callable[..., Connection]
) -> None:
    api.orders = [order(1, "2024-03-01T00:00:00+08:00")]
    connection = connect()
    (resource,) = connection.resources
    assert resource.cursor is not None
    wrong = replace(resource, cursor=replace(resource.cursor, field="buyer.id"))
    extracted = extract(settings, replace(connection, resources=(wrong,)))
    assert "orders: the cursor buyer.id holds 'b1'; expected is a time" in (extracted.failure or "")


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("time", "2024-03-31T01:30:00.9+08:00", "2024-03-30T17:30:00Z"),
        ("time", "2024-03-31T01:30:00Z", "2024-03-31T01:30:00Z"),
        ("time", "2024-03-31 01:30:00", "2024-03-31 01:30:00"),
        ("date", "2024-03-31T01:30:00", "2024-03-31"),
        ("number", 7, 7),
        ("number", "10", 10),
    ],
)
def test_cursor_values_sort_as_they_grow(kind: str, value: Any, expected: Any) -> None:
    assert comparable(value, Cursor("at", kind, 0, "since", 0)) == expected


def test_check_shows_rows_and_changes_nothing(
    settings: Settings,
    api: Api,
    connect: Callable[..., Connection],
    capsys: pytest.CaptureFixture[str],
) -> None:
    api.orders = [order(n, f"2024-03-0{n}T00:00:00+08:00", paid=None) for n in range(1, 8)]
    connect()
    before = sorted(settings.warehouse_dir.rglob("*"))
    assert main(["check", "shop_api"]) == 0
    shown = capsys.readouterr().out
    assert "orders → mapped_orders" in shown
    assert "b3" in shown
    assert "empty in all these rows: paid" in shown
    assert len(api.requests) == 1
    assert sorted(settings.warehouse_dir.rglob("*")) == before
    assert main(["check", "nothing"]) == 2


def test_extract_says_what_landed_and_what_failed(
    settings: Settings,
    api: Api,
    connect: Callable[..., Connection],
    capsys: pytest.CaptureFixture[str],
) -> None:
    api.orders = [order(1, "2024-03-01T00:00:00+08:00")]
    connect()
    assert main(["extract"]) == 0
    assert capsys.readouterr().out == "shop_api: 1 files into the landing folder\n"
    api.failures = {1: 99}
    assert main(["extract", "shop_api", "--full"]) == 1
    assert "answered 500" in capsys.readouterr().err
    api.failures = {}
    assert main(["extract", "shop_api"]) == 0
    assert capsys.readouterr().out == "shop_api: 1 files into the landing folder\n"
