"""Made purchases: customers who live, buy and leave as the models suppose, and odd shops."""

from __future__ import annotations

from datetime import date, timedelta

import duckdb
import numpy as np

FIRST_DAY = date(2022, 1, 1)


def simulate(
    customers: int,
    days: int,
    *,
    r: float,
    alpha: float,
    a: float,
    b: float,
    seed: int,
    first_can_be_last: bool = True,
) -> list[tuple[int, int]]:
    """(customer, day) of each purchase; customers come in the first third of the days."""
    draw = np.random.default_rng(seed)
    rate = draw.gamma(r, 1 / alpha, customers)
    leaving = draw.beta(a, b, customers)
    came = draw.integers(0, days // 3, customers)
    purchases = []
    for customer in range(customers):
        day, alive = float(came[customer]), True
        purchases.append((customer, int(day)))
        if first_can_be_last and draw.random() < leaving[customer]:
            continue
        while alive:
            day += draw.exponential(1 / rate[customer])
            if day >= days:
                break
            purchases.append((customer, int(day)))
            alive = draw.random() >= leaving[customer]
    return purchases


def facts(
    purchases: list[tuple[int, int]], amounts: list[float] | None = None
) -> duckdb.DuckDBPyConnection:
    """A work database with nothing but the orders of these purchases."""
    connection = duckdb.connect()
    connection.execute("create schema marts")
    connection.execute(
        "create table marts.fct_orders (order_id bigint, customer_id varchar, order_date date, "
        "net_amount decimal(18, 2), is_purchase boolean)"
    )
    made = np.array(purchases, dtype=np.int64).reshape(-1, 2)
    spent = np.full(len(made), 20.0) if amounts is None else np.array(amounts)
    columns = {"n": np.arange(len(made)), "c": made[:, 0], "d": made[:, 1], "amount": spent}
    connection.register("made", columns)
    connection.execute(
        "insert into marts.fct_orders select n, c, ?::date + d::integer, amount, true from made",
        [FIRST_DAY],
    )
    return connection


def day_number(days: int) -> date:
    """The day so many days after the first."""
    return FIRST_DAY + timedelta(days=days)
