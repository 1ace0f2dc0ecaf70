"""The marts in a real PostgreSQL: swapped at once, described, indexed, and only read by readers."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote

import duckdb
import psycopg
import pytest

from dagster_project.serving.postgres import PostgresError, publish_to_postgres
from dagster_project.settings import Settings
from dagster_project.transformation.project import PublishedTable
from tests.connections.conftest import Postgres

TABLES = [PublishedTable("fct_orders", False), PublishedTable("customer_rfm", True)]
PUBLISHES = 20


@pytest.fixture
def serving(settings: Settings, postgres: Postgres) -> Iterator[Settings]:
    postgres.run("drop schema if exists marts cascade")
    url = f"postgresql://owner@/postgres?host={quote(str(postgres.folder), safe='')}"
    yield replace(settings, postgres_url=url, postgres_reader="shop readers")
    postgres.run("drop schema if exists marts cascade")


def _write(settings: Settings, night: int) -> None:
    """Two tables that both say which night they are of."""
    settings.serving_db.unlink(missing_ok=True)
    with duckdb.connect(str(settings.serving_db)) as connection:
        connection.execute("create schema marts")
        connection.execute("use marts.marts")
        connection.execute(
            f"create table fct_orders as select 'o' || i as order_id, 'c' || i % 50 as customer_id,"
            f" date '2024-01-01' + i::int % 90 as order_date, {night} as night,"
            " (i / 3)::decimal(18, 2) as net_amount, i % 2 = 0 as is_purchase"
            f" from range(2000 + {night}) as r(i)"
        )
        connection.execute(
            f"create table customer_rfm as select 'c' || i as customer_id, {night} as night, "
            "null::varchar as segment, '客户''s' as said from range(50) as r(i)"
        )
        connection.execute("comment on table fct_orders is 'One row per order; 订单''s.'")
        connection.execute("comment on column fct_orders.net_amount is 'In shop currency.'")


def test_values_descriptions_indexes_and_rights(serving: Settings, postgres: Postgres) -> None:
    _write(serving, 1)
    publish_to_postgres(serving, TABLES)
    with psycopg.connect(serving.postgres_url or "") as connection:
        read = connection.execute
        found = read(
            "select order_id, customer_id, order_date::text, night, net_amount::text, is_purchase "
            "from marts.fct_orders order by length(order_id), order_id limit 2"
        ).fetchall()
        assert found == [
            ("o0", "c0", "2024-01-01", 1, "0.00", True),
            ("o1", "c1", "2024-01-02", 1, "0.33", False),
        ]
        assert read("select count(*), min(said) from marts.customer_rfm").fetchone() == (
            50,
            "客户's",
        )
        assert read(
            "select obj_description('marts.fct_orders'::regclass), "
            "col_description('marts.fct_orders'::regclass, 5)"
        ).fetchone() == ("One row per order; 订单's.", "In shop currency.")
        indexed = read("select indexdef from pg_indexes where schemaname = 'marts'").fetchall()
        columns = {text.partition("(")[2].rstrip(")") for (text,) in indexed}
        assert columns == {"customer_id", "order_id", "order_date"}
        read('set role "shop readers"')
        assert read("select count(*) from marts.fct_orders").fetchone() == (2001,)
    for attempt in (
        "delete from marts.fct_orders",
        "truncate marts.fct_orders",
        "insert into marts.fct_orders select * from marts.fct_orders",
        "update marts.fct_orders set night = 2",
        "create table marts.mine (a int)",
        "create schema mine",
        "create table public.mine (a int)",
        "drop table marts.fct_orders",
        "alter table marts.fct_orders add column mine int",
        "grant select on marts.fct_orders to public",
        "create role mine",
        "select * from pg_authid",
    ):
        with psycopg.connect(serving.postgres_url or "") as connection:
            connection.execute('set role "shop readers"')
            if attempt.startswith("grant"):
                # PostgreSQL only warns that nothing was granted.
                connection.execute(attempt)
                granted = "select has_table_privilege('reader', 'marts.fct_orders', 'select')"
                assert connection.execute(granted).fetchone() == (False,)
                continue
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(attempt)


def test_readers_see_one_night_or_the_next_and_never_an_error(serving: Settings) -> None:
    _write(serving, 0)
    publish_to_postgres(serving, TABLES)
    seen: set[tuple[int, int]] = set()
    failures: list[str] = []
    done = threading.Event()

    def read() -> None:
        # Both tables in one statement, as a BI tool joins them, in a loop over all publishes.
        with psycopg.connect(serving.postgres_url or "", autocommit=True) as connection:
            while not done.is_set():
                try:
                    row = connection.execute(
                        "select (select max(night) from marts.fct_orders), "
                        "(select max(night) from marts.customer_rfm), "
                        "(select count(*) from marts.fct_orders)"
                    ).fetchone()
                except psycopg.Error as error:
                    failures.append(str(error))
                    continue
                assert row is not None
                orders, customers, count = row
                seen.add((orders, customers))
                if orders != customers or count != 2000 + orders:
                    failures.append(f"mixed: {row}")

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    try:
        for night in range(1, PUBLISHES + 1):
            _write(serving, night)
            publish_to_postgres(serving, TABLES)
    finally:
        done.set()
        for reader in readers:
            reader.join()
    assert failures == []
    assert len(seen) > PUBLISHES / 2  # they did read while it went on


def test_a_reader_between_two_tables_holds_the_swap_up(serving: Settings) -> None:
    """As a statement is that has found one of its tables and not yet the other."""
    _write(serving, 1)
    publish_to_postgres(serving, TABLES)
    _write(serving, 2)
    with (
        psycopg.connect(serving.postgres_url or "") as reader,
        psycopg.connect(serving.postgres_url or "", autocommit=True) as observer,
    ):
        assert reader.execute("select max(night) from marts.fct_orders").fetchone() == (1,)
        publishing = threading.Thread(target=publish_to_postgres, args=(serving, TABLES))
        publishing.start()
        waits = "select 1 from pg_stat_activity where query like 'lock table%' and state = 'active'"
        for _ in range(600):
            if observer.execute(waits).fetchone() is not None:
                break
            time.sleep(0.05)
        assert reader.execute("select max(night) from marts.customer_rfm").fetchone() == (1,)
        reader.commit()
        publishing.join()
        assert reader.execute("select max(night) from marts.customer_rfm").fetchone() == (2,)


def test_a_failed_publish_leaves_the_marts_and_is_made_good_later(serving: Settings) -> None:
    _write(serving, 1)
    publish_to_postgres(serving, TABLES)
    _write(serving, 2)
    with pytest.raises(PostgresError, match="stay as they were"):
        publish_to_postgres(serving, [*TABLES, PublishedTable("no_such_mart", False)])
    night = "select max(night), count(*) from marts.fct_orders"
    with psycopg.connect(serving.postgres_url or "", autocommit=True) as connection:
        assert connection.execute(night).fetchone() == (1, 2001)
        publish_to_postgres(serving, TABLES)
        assert connection.execute(night).fetchone() == (2, 2002)


def test_no_password_stands_in_an_error(settings: Settings) -> None:
    wrong = replace(settings, postgres_url="postgresql://owner:s3cret-word@127.0.0.1:1/shop")
    with pytest.raises(PostgresError) as caught:
        publish_to_postgres(wrong, TABLES)
    assert "s3cret-word" not in str(caught.value)
    assert "s3cret-word" not in repr(wrong)
    assert caught.value.__cause__ is None
