"""Two nights of a shop with a database and an API: a late update wins, an API that fails warns."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

pytest.importorskip("dlt", reason="the extra `sources` is not installed")

from dagster_project.connections.assets import CHECK
from dagster_project.settings import Settings
from tests.connections.conftest import Api, Postgres
from tests.connections.test_postgres import CONNECTION as DATABASE
from tests.connections.test_postgres import PASSWORD, TABLE
from tests.connections.test_rest import CONNECTION as API
from tests.connections.test_rest import order
from tests.pipeline.conftest import Warehouse


def test_two_nights(
    settings: Settings,
    postgres: Postgres,
    api: Api,
    write_connection: Callable[[str, str], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SHOP_DB_PASSWORD", PASSWORD)
    postgres.run(TABLE.format(schema="nights"))
    database = DATABASE.format(host=postgres.folder, schema="nights")
    write_connection("shop_db", database)
    write_connection("shop_api", API.format(url=api.url, more="", overlap=0))
    api.orders = [order(n, f"2024-03-0{n - 100}T00:00:00+08:00") for n in range(101, 105)]
    warehouse = Warehouse(settings)

    assert warehouse.nightly().success
    amounts = "select order_id, gross_amount from fct_orders order by ordered_at, order_id"
    from_api = [(str(n), Decimal(f"{10.5 + n:.2f}")) for n in range(101, 105)]
    first = ("12345678901234567890", Decimal("12.35"))
    assert warehouse.rows(amounts) == [*from_api, first, ("2", Decimal("0.10"))]

    postgres.run(
        "update nights.orders set amount = 3, changed_at = '2024-03-09+08' where \"单号\" = 2"
    )
    api.orders.append(order(105, "2024-03-09T00:00:00+08:00"))
    api.failures = {1: 99}
    warehouse = warehouse.making("fct_orders", "row_dispositions")
    night = warehouse.nightly()
    assert night.success
    assert {
        c.asset_key.to_user_string(): c.passed
        for c in night.get_asset_check_evaluations()
        if c.check_name == CHECK
    } == {"connections/shop_db/orders": True, "connections/shop_api/orders": False}
    assert warehouse.rows(amounts) == [*from_api, first, ("2", Decimal("3.00"))]
    assert warehouse.rows(
        "select source_file like 'shop_db/orders/0001-%', row_number from row_dispositions "
        "where disposition = 'superseded'"
    ) == [(True, 2)]
