"""The published marts as BI tools read them: SQLAlchemy on the file, psql and ODBC."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import date
from decimal import Decimal
from multiprocessing import get_context
from urllib.parse import quote

import duckdb
import pytest
from sqlalchemy import Engine, MetaData, Table, create_engine, func, inspect, select, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.pool import NullPool

from dagster_project.serving.postgres import publish_to_postgres
from dagster_project.serving.publish import publish
from dagster_project.settings import Settings
from dagster_project.transformation.project import PublishedTable
from tests.connections.conftest import Postgres

TABLES = [PublishedTable("fct_orders", False), PublishedTable("mart_status", True)]
# As SQLAlchemy lists it: file and schema have the same name, so it takes both to be unambiguous.
SCHEMA = "marts.marts"
DESCRIBED = "One row per order; 订单's."
COLUMN_DESCRIBED = 'Paid less refunded, 100 % in "shop currency".'


def _publish_elsewhere(settings: Settings, night: int) -> None:
    """Publish from a process of its own, as a night does while others read."""
    with ProcessPoolExecutor(1, get_context("spawn")) as other:
        other.submit(_publish_night, settings, night).result()


def _publish_night(settings: Settings, night: int) -> None:
    settings.work_db.unlink(missing_ok=True)
    with duckdb.connect(str(settings.work_db)) as connection:
        connection.execute("create schema marts")
        connection.execute(
            "create table marts.fct_orders as select 'o' || i as order_id, "
            "'客户' || i % 50 as customer_id, date '2024-01-01' + i::int % 90 as order_date, "
            "(i / 3)::decimal(18, 2) as net_amount, i % 2 = 0 as is_purchase, "
            "case when i % 10 > 0 then timestamp '2024-01-01 10:00:00' end as paid_at "
            f"from range({1000 * night}) as r(i)"
        )
        connection.execute(
            "create table marts.mart_status as select date '2024-03-30' as as_of_date"
        )
        described = DESCRIBED.replace("'", "''")
        connection.execute(f"comment on table marts.fct_orders is '{described}'")
        connection.execute(f"comment on column marts.fct_orders.net_amount is '{COLUMN_DESCRIBED}'")
    publish(settings, TABLES, as_history=False)


@pytest.fixture
def engine(settings: Settings) -> Engine:
    """As docs/bi-tools.md says."""
    _publish_night(settings, 1)
    return create_engine(
        f"duckdb:///{settings.serving_db}",
        poolclass=NullPool,
        connect_args={"read_only": True},
    )


def test_sqlalchemy_finds_tables_columns_and_descriptions(engine: Engine) -> None:
    found = inspect(engine)
    assert SCHEMA in found.get_schema_names()
    assert found.get_table_names(schema=SCHEMA) == ["fct_orders", "mart_status"]
    assert found.get_table_comment("fct_orders", schema=SCHEMA) == {"text": DESCRIBED}
    columns = {column["name"]: column for column in found.get_columns("fct_orders", schema=SCHEMA)}
    types = {name: str(column["type"]) for name, column in columns.items()}
    assert types == {
        "order_id": "VARCHAR",
        "customer_id": "VARCHAR",
        "order_date": "DATE",
        "net_amount": "NUMERIC(18, 2)",
        "is_purchase": "BOOLEAN",
        "paid_at": "TIMESTAMP",
    }
    assert columns["net_amount"]["comment"] == COLUMN_DESCRIBED


def test_a_reflected_table_is_queried_page_by_page(engine: Engine) -> None:
    orders = Table("fct_orders", MetaData(), autoload_with=engine, schema=SCHEMA)
    assert orders.c.net_amount.comment == COLUMN_DESCRIBED
    page = select(orders).order_by(orders.c.order_date, orders.c.order_id).limit(2).offset(1)
    with engine.connect() as connection:
        first = connection.execute(page).first()
        assert first is not None
        assert tuple(first)[1:4] == ("客户30", date(2024, 1, 1), Decimal("60.00"))
        by_purchase = select(orders.c.is_purchase, func.count(), func.sum(orders.c.net_amount))
        grouped = connection.execute(by_purchase.group_by(orders.c.is_purchase)).fetchall()
        assert {row[0]: row[1] for row in grouped} == {True: 500, False: 500}
        # What a BI tool writes for a chart by month.
        months = connection.execute(
            text(
                "select date_trunc('month', order_date) as __timestamp, count(*) as orders "
                f"from {SCHEMA}.fct_orders where customer_id in ('客户1', '客户2') "
                "group by date_trunc('month', order_date) order by orders desc limit 1000"
            )
        ).fetchall()
        assert sum(count for _, count in months) == 40
    with engine.connect() as connection, pytest.raises(ProgrammingError, match="read-only"):
        connection.execute(text(f"delete from {SCHEMA}.fct_orders"))


def test_a_connection_goes_on_and_the_next_one_sees_the_new_night(
    engine: Engine, settings: Settings
) -> None:
    count = text(f"select count(*) from {SCHEMA}.fct_orders")
    with engine.connect() as before:
        assert before.execute(count).scalar() == 1000
        _publish_elsewhere(settings, 2)
        assert before.execute(count).scalar() == 1000
    with engine.connect() as after:
        assert after.execute(count).scalar() == 2000
    pooled = create_engine(f"duckdb:///{settings.serving_db}", connect_args={"read_only": True})
    with pooled.connect() as connection:
        assert connection.execute(count).scalar() == 2000
    _publish_elsewhere(settings, 3)
    # Why NullPool: a pool keeps the file of the night before open.
    with pooled.connect() as connection:
        assert connection.execute(count).scalar() == 2000
    pooled.dispose()


@pytest.fixture
def serving(settings: Settings, postgres: Postgres) -> Iterator[Settings]:
    postgres.run("drop schema if exists marts cascade")
    url = f"postgresql://owner@/postgres?host={quote(str(postgres.folder), safe='')}"
    serving = replace(settings, postgres_url=url)
    _publish_night(serving, 1)
    publish_to_postgres(serving, TABLES)
    yield serving
    postgres.run("drop schema if exists marts cascade")


def test_psql_reads_rows_and_descriptions(serving: Settings, postgres: Postgres) -> None:
    def psql(command: str) -> list[str]:
        said = subprocess.run(
            [postgres.binaries / "psql", serving.postgres_url or "", "-XAt", "-c", command],
            check=True,
            capture_output=True,
            text=True,
        )
        return said.stdout.splitlines()

    assert psql("select * from marts.fct_orders where order_id = 'o31'") == [
        "o31|客户31|2024-02-01|10.33|f|2024-01-01 10:00:00"
    ]
    assert any(DESCRIBED in line for line in psql(r"\dt+ marts.*"))
    assert any(COLUMN_DESCRIBED in line for line in psql(r"\d+ marts.fct_orders"))


def test_odbc_reads_tables_and_rows(serving: Settings, postgres: Postgres) -> None:
    isql, drivers = shutil.which("isql"), shutil.which("odbcinst")
    named = (
        subprocess.run([drivers, "-q", "-d"], capture_output=True, text=True).stdout
        if drivers
        else ""
    )
    if isql is None or "[PostgreSQL Unicode]" not in named:
        pytest.skip("no ODBC here (Debian packages unixodbc and odbc-postgresql)")
    source = f"Driver={{PostgreSQL Unicode}};Servername={postgres.folder};Database=postgres"

    def ask(query: str) -> list[str]:
        said = subprocess.run(
            [isql, "-k", f"{source};UID=owner", "-b", "-d|"],
            input=query,
            capture_output=True,
            text=True,
        )
        assert said.returncode == 0, said.stdout + said.stderr
        return said.stdout.splitlines()

    assert ask("select * from marts.fct_orders where order_id = 'o31'\n") == [
        "o31|客户31|2024-02-01|10.33|0|2024-01-01 10:00:00"
    ]
    assert ask("select count(*), sum(net_amount) from marts.fct_orders where is_purchase\n") == [
        "500|83166.67"
    ]
    # The catalogue, from which a tool makes its list of tables.
    assert any("|marts|fct_orders|TABLE|" in line for line in ask("help\n"))
