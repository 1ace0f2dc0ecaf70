"""PostgreSQL to the raw tables: exact values, only what changed, late updates."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlalchemy as sa

pytest.importorskip("dlt", reason="the extra `sources` is not installed")

from dagster_project.connections.extract import Extracted, extract, start_over
from dagster_project.connections.files import Connection, read_connection
from dagster_project.connections.postgres import postgres_engine
from dagster_project.ingestion.loader import load_files
from dagster_project.settings import Settings
from tests.connections.conftest import Postgres

PASSWORD = "p@ss:word/%41"

CONNECTION = """
kind: postgres
host: {host}
database: postgres
user: reader
password: ${{SHOP_DB_PASSWORD}}
resources:
  orders:
    table: {schema}.orders
    cursor:
      field: changed_at
      overlap: 0
    entity: orders
    shop: 旗舰店
    columns:
      order_id: 单号
      customer_id: buyer
      ordered_at: orderedAt
      gross_amount: amount
      status: {{column: state, values: {{ok: paid, no: cancelled}}}}
"""

TABLE = """
create schema {schema};
grant usage on schema {schema} to reader;
create table {schema}.orders (
    "单号" numeric(20, 0) primary key,
    buyer uuid,
    "orderedAt" timestamptz not null,
    amount numeric not null,
    state text,
    phone text,
    changed_at timestamptz
);
grant select on {schema}.orders to reader;
insert into {schema}.orders values
    (
        12345678901234567890, '6f1c1a1e-0000-4000-8000-000000000001', '2024-03-01 10:00:00+08',
        12.3456, 'ok', '13800000000', '2024-03-01 10:00:00+08'
    ),
    (2, null, '2024-03-02 00:30:00+08', 0.10, 'no', null, '2024-03-02 00:30:00.5+08');
"""


Change = Callable[[str], None]


@pytest.fixture
def shop(
    postgres: Postgres,
    write_connection: Callable[[str, str], Path],
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> tuple[Connection, Change]:
    """A connection to a table of its own, and a way to change what is in it."""
    monkeypatch.setenv("SHOP_DB_PASSWORD", PASSWORD)
    schema = request.node.name[:40]
    postgres.run(TABLE.format(schema=schema))
    path = write_connection("shop_db", CONNECTION.format(host=postgres.folder, schema=schema))

    def change(sql: str) -> None:
        postgres.run(f"set search_path = {schema}; {sql}")

    return read_connection(path), change


def load(settings: Settings) -> list[tuple[Any, ...]]:
    """Load what landed; the raw rows in the order in which they came."""
    report = load_files(settings)
    assert not report.refused
    with duckdb.connect(str(settings.work_db), read_only=True) as connection:
        return connection.execute(
            "select order_id, customer_id, ordered_at::varchar, gross_amount, status, shop "
            "from raw.mapped_orders order by _batch_id, _file_id, _row_number"
        ).fetchall()


def test_rows_arrive_exactly(settings: Settings, shop: tuple[Connection, Change]) -> None:
    connection, _ = shop
    assert extract(settings, connection) == Extracted(files=1)
    assert load(settings) == [
        (
            "12345678901234567890",
            "6f1c1a1e-0000-4000-8000-000000000001",
            "2024-03-01 10:00:00",
            Decimal("12.3456"),
            "paid",
            "旗舰店",
        ),
        ("2", None, "2024-03-02 00:30:00", Decimal("0.1000"), "cancelled", "旗舰店"),
    ]


def test_only_mapped_columns_leave_the_database(
    settings: Settings, shop: tuple[Connection, Change]
) -> None:
    connection, _ = shop
    extract(settings, connection)
    (landed,) = settings.landing_dir.rglob("*.parquet")
    columns = {name for name, *_ in duckdb.sql(f"describe from '{landed}'").fetchall()}
    assert columns == {"单号", "buyer", "orderedAt", "amount", "state", "_cursor"}
    # dlt's working copies are gone: what is left is small and tells no more than the cursor.
    left = [path for path in settings.connections_dir.rglob("*") if path.is_file()]
    assert len(left) == 6, left
    for path in left:
        assert PASSWORD.encode() not in path.read_bytes()
        assert b"6f1c1a1e" not in path.read_bytes()


def test_the_next_extract_takes_only_new_and_changed_rows(
    settings: Settings, shop: tuple[Connection, Change]
) -> None:
    connection, change = shop
    extract(settings, connection)
    load(settings)
    assert extract(settings, connection) == Extracted(files=0)

    change("update orders set amount = 0.2, changed_at = '2024-03-04 00:00+08' where \"单号\" = 2")
    change("insert into orders values (4, null, '2024-03-05+08', 7, 'ok', null, '2024-03-05+08')")
    assert extract(settings, connection) == Extracted(files=1)
    rows = [(row[0], row[3]) for row in load(settings)]
    assert rows[2:] == [("2", Decimal("0.2000")), ("4", Decimal("7.0000"))]


def test_a_change_at_the_very_cursor_is_not_missed(
    settings: Settings, shop: tuple[Connection, Change]
) -> None:
    connection, change = shop
    extract(settings, connection)
    load(settings)
    change('update orders set amount = 9 where "单号" = 2')
    assert extract(settings, connection) == Extracted(files=1)
    assert load(settings)[2][3] == Decimal("9.0000")


def test_overlap_takes_what_was_committed_late(
    settings: Settings, shop: tuple[Connection, Change]
) -> None:
    connection, change = shop
    (orders,) = connection.resources
    assert orders.cursor is not None
    cursor = replace(orders.cursor, overlap=3600)
    connection = replace(connection, resources=(replace(orders, cursor=cursor),))
    extract(settings, connection)
    load(settings)
    change("insert into orders values (5, null, now(), 5, 'ok', null, '2024-03-01 23:45+08')")
    assert extract(settings, connection) == Extracted(files=1)
    assert [row[0] for row in load(settings)] == ["12345678901234567890", "2", "5", "2"]


def test_a_row_without_a_cursor_value_comes_each_time(
    settings: Settings, shop: tuple[Connection, Change]
) -> None:
    connection, change = shop
    change("insert into orders values (6, null, '2024-03-05+08', 6, 'ok', null, null)")
    extract(settings, connection)
    extract(settings, connection)
    assert sorted(row[0] for row in load(settings)) == ["12345678901234567890", "2", "6", "6"]


def test_a_new_column_opens_a_folder_and_full_fills_it(
    settings: Settings, shop: tuple[Connection, Change]
) -> None:
    connection, _ = shop
    extract(settings, connection)
    path = settings.connections_dir / "shop_db.yml"
    path.write_text(path.read_text() + "      channel: phone\n")
    changed = read_connection(path)
    start_over(settings, changed)
    assert extract(settings, changed) == Extracted(files=1)
    folders = sorted(folder.name for folder in (settings.landing_dir / "shop_db/orders").iterdir())
    assert [name[:5] for name in folders] == ["0001-", "0002-"]
    assert len(load(settings)) == 4
    with duckdb.connect(str(settings.work_db), read_only=True) as database:
        assert database.execute(
            "select channel from raw.mapped_orders order by _file_id, _row_number"
        ).fetchall() == [(None,), (None,), ("13800000000",), (None,)]


def test_a_corrected_mapping_counts_for_rows_that_came_before(
    settings: Settings, shop: tuple[Connection, Change]
) -> None:
    connection, _ = shop
    extract(settings, connection)
    load(settings)
    path = settings.connections_dir / "shop_db.yml"
    path.write_text(path.read_text().replace("no: cancelled", "no: unpaid"))
    assert extract(settings, read_connection(path)) == Extracted(files=0)
    assert [row[4] for row in load(settings)] == ["paid", "unpaid"]


@pytest.mark.parametrize(
    ("wrong", "right", "expected"),
    [
        ("user: reader", "user: owner2", "connections/shop_db.yml, orders: the database says"),
        (".orders", ".order", "connections/shop_db.yml, orders: there is no table order"),
        ("buyer", "purchaser", "has no column purchaser. It has: 单号, buyer"),
        ("field: changed_at", "field: state", "the cursor state of .* is of type TEXT, not a time"),
    ],
)
def test_a_failure_says_what_and_where(
    settings: Settings,
    postgres: Postgres,
    write_connection: Callable[[str, str], Path],
    monkeypatch: pytest.MonkeyPatch,
    wrong: str,
    right: str,
    expected: str,
) -> None:
    monkeypatch.setenv("SHOP_DB_PASSWORD", PASSWORD)
    postgres.run("drop schema if exists failing cascade;" + TABLE.format(schema="failing"))
    text = CONNECTION.format(host=postgres.folder, schema="failing")
    path = write_connection("shop_db", text.replace(wrong, right))
    extracted = extract(settings, read_connection(path))
    assert extracted.files == 0
    assert re.search(expected, extracted.failure or "")
    assert PASSWORD not in (extracted.failure or "")


def test_the_session_can_only_read(shop: tuple[Connection, Change]) -> None:
    connection, change = shop
    change("grant all on orders to reader")
    table = connection.resources[0].table
    with (
        postgres_engine(connection).connect() as session,
        pytest.raises(sa.exc.InternalError, match="read-only transaction"),
    ):
        session.execute(sa.text(f"delete from {table}"))
