"""A small work database with good data, which each test damages in its own way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from dagster_project.quality.results import RuleResult
from dagster_project.quality.runner import run_gate
from dagster_project.quality.suites import Suite, load_suite

CHECKED_AT = datetime(2024, 6, 1, 3, 0)

_ORDERS = """
create schema marts;
create table marts.fct_orders as
select
    'o' || i as order_id,
    'c' || i % 7 as customer_id,
    'buyer' || i || '@example.com' as email,
    case when i % 2 = 0 then 'paid' else 'shipped' end as status,
    cast(i + 10 as decimal(18, 2)) as gross_amount,
    cast(i as decimal(18, 2)) as paid_amount,
    cast(i as double) as weight,
    date '2024-01-01' + cast(i as integer) as order_date,
    timestamp '2024-01-01 10:00:00' + to_days(cast(i as integer)) as ordered_at,
    cast(null as varchar) as test_marker
from range(100) as orders (i);
create table marts.order_totals as select order_id, paid_amount from marts.fct_orders;
"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A work database whose `marts.fct_orders` (100 rows) breaks no rule."""
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(_ORDERS)
    return path


@pytest.fixture
def damage(database: Path) -> Callable[[str], None]:
    """Run one SQL script on the work database."""

    def run(sql: str) -> None:
        with duckdb.connect(str(database)) as connection:
            connection.execute(sql)

    return run


@pytest.fixture
def write_suite(tmp_path: Path) -> Callable[..., Path]:
    """Write a suite file; keyword arguments replace its top-level keys."""

    def write(*rules: dict[str, Any], name: str = "fct_orders", **fields: Any) -> Path:
        document = {
            "table": "marts.fct_orders",
            "gate": "facts",
            "owner": "data-team@shop",
            "key": ["order_id"],
            "rules": list(rules),
        } | fields
        path = tmp_path / "expectations" / f"{name}.yml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
        return path

    return write


def a_rule(expectation_type: str, name: str = "the_rule", **kwargs: Any) -> dict[str, Any]:
    """One valid rule; `kwargs` are the expectation's arguments."""
    return {
        "name": name,
        "kind": "validity",
        "type": expectation_type,
        "severity": "critical",
        "reason": "Something breaks otherwise.",
        "kwargs": kwargs,
    }


@pytest.fixture
def check(database: Path, write_suite: Callable[..., Path]) -> Callable[..., list[RuleResult]]:
    """Run the given rules as one suite and return their results."""

    def run(*rules: dict[str, Any], **fields: Any) -> list[RuleResult]:
        suite: Suite = load_suite(write_suite(*rules, **fields))
        return run_gate(database, [suite], suite.gate, "run-1", CHECKED_AT)

    return run
