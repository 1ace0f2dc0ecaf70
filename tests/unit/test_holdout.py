"""Who is held back: the share that was asked for, the same customers every time."""

from __future__ import annotations

import hashlib
from types import SimpleNamespace

import duckdb
import pytest
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from dagster_project.transformation.project import DBT_PROJECT_DIR

CUSTOMERS = 100_000


def held_back(share: float, salt: str = "spring", order: str = "n") -> set[str]:
    environment = Environment(
        loader=FileSystemLoader(DBT_PROJECT_DIR / "macros"), undefined=StrictUndefined
    )
    template = environment.get_template(
        "holdout.sql",
        globals={
            "return": lambda value: value,
            "adapter": SimpleNamespace(dispatch=lambda name: getattr(module, f"default__{name}")),
        },
    )
    module = template.make_module()
    rule = module.assigned_to_holdout("customer_id", f"'{salt}'", share)
    with duckdb.connect() as connection:
        rows = connection.execute(
            f"""
            with customers as (
                select n, 'customer-' || n as customer_id from range({CUSTOMERS}) as r (n)
            )
            select customer_id from customers where {rule} order by {order}
            """
        ).fetchall()
    return {customer for (customer,) in rows}


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5, 0.9])
def test_the_share_is_the_one_asked_for(share: float) -> None:
    expected = CUSTOMERS * share
    # Four standard deviations of a binomial draw: a fair hash stays within, a skewed one does not.
    allowed = 4 * (expected * (1 - share)) ** 0.5
    assert abs(len(held_back(share)) - expected) < allowed


@pytest.mark.parametrize(("share", "customers"), [(0, 0), (1, CUSTOMERS)])
def test_nobody_and_everybody(share: float, customers: int) -> None:
    assert len(held_back(share)) == customers


def test_the_same_customers_every_time_and_on_every_engine() -> None:
    assert held_back(0.1) == held_back(0.1, order="n desc")
    # Computed without SQL: whoever moves to another engine keeps the groups.
    by_hand = {
        customer
        for customer in (f"customer-{n}" for n in range(CUSTOMERS))
        if int(hashlib.md5(f"spring|{customer}".encode()).hexdigest()[:8], 16) < 0.1 * 2**32
    }
    assert held_back(0.1) == by_hand


def test_another_salt_draws_anew() -> None:
    spring, autumn = held_back(0.1), held_back(0.1, salt="autumn")
    both = len(spring & autumn)
    # Independent draws share one customer in a hundred.
    assert abs(both - 0.01 * CUSTOMERS) < 4 * (0.01 * 0.99 * CUSTOMERS) ** 0.5


def test_a_greater_share_keeps_who_was_held_back() -> None:
    assert held_back(0.05) < held_back(0.1)
