"""What `make status` and `make why` print, against the published marts."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import duckdb
import pytest
from rich.console import Console

from benchmarks.shop import FULL_NAME, MAPPING, MAPPING_NAME, Shop
from dagster_project.cli import main
from dagster_project.serving.status import print_status
from dagster_project.serving.why import print_why
from tests.pipeline.conftest import Warehouse

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def shop(new_warehouse: Callable[..., Warehouse]) -> Warehouse:
    warehouse = new_warehouse()
    folder = warehouse.landing / "tmall"
    folder.mkdir()
    Shop(1_000).make(folder / f"{FULL_NAME}.csv")
    (folder / MAPPING_NAME).write_text(MAPPING, encoding="utf-8")
    assert warehouse.nightly().success
    return warehouse


def _said(console: Console) -> str:
    return re.sub(r"[\s│]+", " ", console.export_text())


def _console() -> Console:
    return Console(width=400, record=True, file=io.StringIO())


def test_status_names_every_mart_and_the_next_night(shop: Warehouse) -> None:
    console = _console()
    assert print_status(shop.settings, console, NOW)
    said = _said(console)
    for mart, rows in shop.rows("select mart, rows from mart_status"):
        assert f" {mart} {rows:,} " in said, mart
    assert f"as of {shop.value('select max(as_of_date) from mart_status')}, built" in said
    assert "next at 2030-01-02 02:00 Asia/Shanghai" in said
    assert "hold" in said


def test_checks_are_dated_in_utc(shop: Warehouse) -> None:
    checked = shop.value("select max(checked_at) from quality_results")
    now = datetime.now(UTC).replace(tzinfo=None)
    assert now - timedelta(hours=2) < checked <= now


def test_why_shows_labels_tags_changes_and_orders(shop: Warehouse) -> None:
    customer = shop.value(
        "select customer_id from customer_rfm order by frequency desc, customer_id limit 1"
    )
    console = _console()
    assert print_why(shop.settings, console, customer)
    said = _said(console)
    chinese, english = shop.rows(
        f"select profile_zh, profile_en from customer_profiles where customer_id = '{customer}'"
    )[0]
    assert re.sub(r"\s+", " ", chinese) in said and re.sub(r"\s+", " ", english) in said
    for table, column in [
        ("customer_rfm", "segment"),
        ("customer_rfm", "value_class"),
        ("customer_value_quadrant", "quadrant"),
        ("customer_lifecycle", "state"),
        ("customer_membership", "tier"),
    ]:
        value = shop.value(f"select {column} from {table} where customer_id = '{customer}'")
        assert f" {value} " in said, column
    tags = shop.rows(
        "select d.name_en, t.tag_value from customer_tags as t join tag_definitions as d "
        f"using (tag_code) where customer_id = '{customer}'"
    )
    assert f"{len(tags)} tags" in said
    for name, value in tags:
        assert f"{name} {value}" in said, name
    latest = shop.rows(
        f"select order_id from fct_orders where customer_id = '{customer}' "
        "order by ordered_at desc, order_id limit 20"
    )
    for (order,) in latest:
        assert order in said


def test_orders_say_which_labels_they_stand_behind(shop: Warehouse) -> None:
    # Somebody all of whose orders are shown and not all of whose purchases count for the tier.
    customer, first, last = shop.rows(
        """
        select l.customer_id, min_by(o.order_id, o.purchase_number),
            max_by(o.order_id, o.purchase_number)
        from customer_lifecycle as l
        join customer_membership as m using (customer_id)
        join fct_orders as o using (customer_id)
        group by l.customer_id
        having count(*) between 3 and 20 and any_value(l.purchases) = count(*)
            and any_value(m.qualifying_orders) between 1 and count(*) - 1
        order by l.customer_id limit 1
        """
    )[0]
    counted = shop.value(
        f"select qualifying_orders from customer_membership where customer_id = '{customer}'"
    )
    console = _console()
    print_why(shop.settings, console, customer)
    orders = console.export_text().partition(" orders")[2].splitlines()
    assert sum("tier" in line for line in orders) == counted
    assert sum("recency, lifecycle" in line for line in orders) == 1
    assert any(last in line and "recency, lifecycle" in line for line in orders)
    assert any(first in line and "first purchase" in line for line in orders)


def test_unknown_customer_gets_the_nearest_ids(shop: Warehouse) -> None:
    known = shop.value("select min(customer_id) from dim_customers")
    console = _console()
    assert not print_why(shop.settings, console, known + "x")
    assert known in _said(console)


def test_status_shows_a_check_that_does_not_hold(shop: Warehouse) -> None:
    with duckdb.connect(str(shop.settings.work_db)) as connection:
        connection.execute(
            "insert into audit.quality_log by name (select * replace "
            "('too_few' as rule, false as passed, 'critical' as severity, "
            "1234 as unexpected_count, 'nobody can believe it' as reason) "
            "from audit.quality_log order by checked_at desc "
            "limit 1)"
        )
        console = _console()
    assert not print_status(shop.settings, console, NOW)
    row = next(line for line in console.export_text().splitlines() if "too_few" in line)
    assert "critical" in row and "1,234" in row and "nobody can believe it" in row


def test_nothing_published_yet(
    new_warehouse: Callable[..., Warehouse],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings = new_warehouse().settings
    monkeypatch.setenv("WAREHOUSE_DIR", str(settings.warehouse_dir))
    assert main(["status"]) == 1
    assert main(["why", "nobody"]) == 1
    said = capsys.readouterr().out
    assert said.count("make run") == 2
    assert "runs next at" in said
