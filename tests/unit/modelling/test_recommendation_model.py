"""The factors on a database of made facts: nothing, one customer, one-time buyers, one giant."""

from __future__ import annotations

from datetime import date

import duckdb
import numpy as np
import pytest

from dagster_project.modelling import least_squares, recommendations
from dagster_project.modelling.recommendations import RECOMMENDATIONS
from dagster_project.modelling.run import fit_missing

TABLES = ("customers", "products", "candidates", "trials")


@pytest.fixture
def facts(monkeypatch: pytest.MonkeyPatch) -> duckdb.DuckDBPyConnection:
    """What the model reads, empty; few customers are enough here."""
    monkeypatch.setattr(recommendations, "_MINIMUM_CUSTOMERS", 30)
    connection = duckdb.connect()
    connection.execute(
        """
        create schema intermediate;
        create schema marts;
        create table intermediate.int_data_range as select date '2024-06-20' as last_order_date;
        create table marts.fct_orders (
            order_id varchar, customer_id varchar, order_date date, is_purchase boolean
        );
        create table marts.fct_order_items (order_id varchar, product_id varchar, quantity bigint);
        create view marts.dim_customers as
        select distinct customer_id from marts.fct_orders where customer_id is not null;
        """
    )
    return connection


def buy(facts: duckdb.DuckDBPyConnection, rows: list[tuple[str, str, str]]) -> None:
    """Orders of one product each: customer, product, day."""
    orders = [(f"{c}-{p}-{d}", c, d, True) for c, p, d in rows]
    facts.executemany("insert into marts.fct_orders values (?, ?, ?, ?)", orders)
    items = [(f"{c}-{p}-{d}", p, 1) for c, p, d in rows]
    facts.executemany("insert into marts.fct_order_items values (?, ?, ?)", items)


def two_tastes(days: tuple[str, ...] = ("2024-03-01", "2024-05-20")) -> list[tuple[str, str, str]]:
    pick = np.random.default_rng(2)
    return [
        (f"C{c:02d}", f"P{p:02d}", days[int(pick.integers(len(days)))])
        for c in range(40)
        for p in range(24)
        if p % 2 == c % 2 and pick.random() < 0.7
    ]


def rows(facts: duckdb.DuckDBPyConnection) -> dict[str, int]:
    return {
        name: facts.execute(f"select count(*) from modelling.recommendation_{name}").fetchall()[0][
            0
        ]
        for name in TABLES
    }


@pytest.mark.parametrize(
    "bought",
    [
        [],
        [("C1", "P1", "2024-05-01")],
        [("giant", f"P{n}", "2024-05-01") for n in range(400)],
    ],
    ids=["nothing", "one customer", "one giant customer"],
)
def test_too_little_gives_empty_tables(facts, bought) -> None:
    if bought:
        buy(facts, bought)
    fit_missing(facts, RECOMMENDATIONS, "latest")
    assert rows(facts) == dict.fromkeys(TABLES, 0)


def test_one_time_buyers_get_what_others_buy_or_nothing(facts) -> None:
    buy(facts, [(f"C{n}", f"P{n % 25}", "2024-05-01") for n in range(60)])
    fit_missing(facts, RECOMMENDATIONS, "latest")
    owned = facts.execute(
        """
        select count(*)
        from modelling.recommendation_candidates as r
        inner join modelling.recommendation_customers as c on r.customer_number = c.customer_number
        inner join modelling.recommendation_products as p on r.product_number = p.product_number
        inner join marts.fct_orders as o on c.customer_id = o.customer_id
        inner join marts.fct_order_items as i
            on o.order_id = i.order_id and p.product_id = i.product_id
        """
    ).fetchall()
    assert owned == [(0,)]


def test_without_the_extra_there_are_no_factors(facts, monkeypatch) -> None:
    monkeypatch.setattr(least_squares, "find_spec", lambda name: None)
    buy(facts, two_tastes())
    fit_missing(facts, RECOMMENDATIONS, "latest")
    assert rows(facts) == dict.fromkeys(TABLES, 0)


@pytest.mark.skipif(not least_squares.is_available(), reason="the extra is not installed")
def test_the_trial_knows_nothing_of_its_thirty_days(facts) -> None:
    buy(facts, two_tastes())
    buy(facts, [(f"C{n:02d}", "NEW", "2024-05-20") for n in range(0, 40, 2)])
    fit_missing(facts, RECOMMENDATIONS, "latest")
    found = rows(facts)
    assert found["customers"] == 40 and found["products"] == 25
    assert found["candidates"] > 0 and found["trials"] > 0
    tried = facts.execute(
        "select distinct product_id from modelling.recommendation_trials as t "
        "inner join modelling.recommendation_products as p on t.product_number = p.product_number"
    ).fetchall()
    # The split is 2 May; nobody had bought it by then.
    assert ("NEW",) not in tried


@pytest.mark.skipif(not least_squares.is_available(), reason="the extra is not installed")
def test_a_month_asked_for_again_is_the_same_and_erased_customers_go(facts) -> None:
    buy(facts, two_tastes())
    every = "select * from modelling.recommendation_candidates order by all"
    fit_missing(facts, RECOMMENDATIONS, "latest")
    june = facts.execute(every).fetchall()
    assert {row[0] for row in june} == {date(2024, 6, 1)}
    fit_missing(facts, RECOMMENDATIONS, "2024-07-02")
    assert {row[0] for row in facts.execute(every).fetchall()} == {date(2024, 7, 1)}
    fit_missing(facts, RECOMMENDATIONS, "latest")
    assert facts.execute(every).fetchall() == june
    facts.execute("update marts.fct_orders set customer_id = null where customer_id = 'C05'")
    fit_missing(facts, RECOMMENDATIONS, "latest")
    left = facts.execute(
        "select count(*) from modelling.recommendation_customers where customer_id = 'C05'"
    ).fetchall()
    assert left == [(0,)]
