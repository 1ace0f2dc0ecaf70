"""Purchases before a day, as the models of buying need them.

A purchase here is a day with one: the models are about moments of buying, and two orders of one day
are one such moment. Time is counted in days from the customer's first purchase.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import duckdb
import numpy as np
from numpy.typing import NDArray

from dagster_project.modelling.buy_till_die import Histories
from dagster_project.modelling.spend import Spending

Vector = NDArray[np.float64]

# What a customer has bought before a day, without a look at the day itself.
PURCHASES = """
from marts.fct_orders
where is_purchase and customer_id is not null and order_date < $day
"""

# Each is observed up to the evening before the day.
_CUSTOMERS = f"""
select
    count(distinct order_date) - 1 as x,
    date_diff('day', min(order_date), max(order_date)) as t_x,
    date_diff('day', min(order_date), $day) - 1 as age
{PURCHASES}
group by customer_id
"""


def read_histories(connection: duckdb.DuckDBPyConnection, day: date) -> Histories:
    """The customers who bought before a day, equal ones together, in days."""
    query = f"""
        select x, t_x, age, count(*) as weight
        from ({_CUSTOMERS})
        group by x, t_x, age
        order by x, t_x, age
    """
    return Histories(*_columns(connection, query, day, ("x", "t_x", "age", "weight")))


def read_spending(connection: duckdb.DuckDBPyConnection, day: date) -> Spending:
    """Purchase days and mean net amount of a day of everybody whose amounts are above 0."""
    query = f"""
        select
            count(distinct order_date) as purchases,
            cast(sum(net_amount) as double) / count(distinct order_date) as mean
        {PURCHASES}
        group by customer_id
        having sum(net_amount) > 0
        order by all
    """
    return Spending(*_columns(connection, query, day, ("purchases", "mean")))


def purchases_per_day(connection: duckdb.DuckDBPyConnection, day: date, *, by_day: bool) -> float:
    """Purchases on a day with any, over all customers; NaN without any.

    Args:
        connection: to the work database.
        day: the first one that is not looked at.
        by_day: the shop counts a customer's orders of one day as one purchase.
    """
    if by_day:
        return 1.0
    query = f"select count(*) / count(distinct (customer_id, order_date)) {PURCHASES}"
    row = connection.execute(query, {"day": day}).fetchone()
    return float(row[0]) if row and row[0] is not None else float("nan")


@dataclass(frozen=True)
class Rhythm:
    """How much a customer's intervals vary around their own mean, in logarithms.

    Attributes:
        deviation: standard deviation of the logarithm of an interval in days, over all customers
            who have two intervals or more; NaN where there are none.
        degrees: intervals that it rests on, less one for each of those customers.
    """

    deviation: float
    degrees: int


def read_rhythm(connection: duckdb.DuckDBPyConnection, day: date) -> Rhythm:
    """The shop's one measure of how regular its customers are."""
    query = f"""
        with days as (
            select distinct customer_id, order_date {PURCHASES}
        ),
        intervals as (
            select customer_id, ln(date_diff('day', lag(order_date) over (
                partition by customer_id order by order_date
            ), order_date)) as log_interval
            from days
        ),
        customers as (
            select var_pop(log_interval) * count(log_interval) as squares,
                count(log_interval) - 1 as degrees
            from intervals
            group by customer_id
            having count(log_interval) >= 2
        )
        select sum(squares), coalesce(sum(degrees), 0) from customers
    """
    row = connection.execute(query, {"day": day}).fetchone()
    squares, degrees = row or (None, 0)
    if not degrees:
        return Rhythm(float("nan"), 0)
    # The order of a sum depends on the threads; what is stored must not.
    return Rhythm(round(float(np.sqrt(squares / degrees)), 9), int(degrees))


@dataclass(frozen=True)
class Followed:
    """Customers known on a day, what they had done by then, and what they did in a window after it.

    Attributes:
        x: repeat purchase days before the day.
        t_x: days from the first purchase to the last.
        age: days from the first purchase to the evening before the day.
        purchases_before: purchase days in a window of the same length that ended on that evening.
        purchases_after: purchase days in the window.
    """

    x: Vector
    t_x: Vector
    age: Vector
    purchases_before: Vector
    purchases_after: Vector


def read_followed(connection: duckdb.DuckDBPyConnection, day: date, window: int) -> Followed:
    """Everybody who bought before a day, followed for so many days from it on.

    Args:
        connection: to the work database.
        day: first one of the window.
        window: its length in days.
    """
    query = """
        select
            count(distinct order_date) filter (order_date < $day) - 1 as x,
            date_diff('day', min(order_date), max(order_date) filter (order_date < $day)) as t_x,
            date_diff('day', min(order_date), $day) - 1 as age,
            count(distinct order_date) filter (order_date < $day and order_date >= $before)
                as purchases_before,
            count(distinct order_date) filter (order_date >= $day) as purchases_after
        from marts.fct_orders
        where is_purchase and customer_id is not null and order_date < $after
        group by customer_id
        having min(order_date) < $day
        order by all
    """
    days = {"before": day - timedelta(days=window), "after": day + timedelta(days=window)}
    names = ("x", "t_x", "age", "purchases_before", "purchases_after")
    return Followed(*_columns(connection, query, day, names, **days))


def _columns(
    connection: duckdb.DuckDBPyConnection,
    query: str,
    day: date,
    names: tuple[str, ...],
    **others: date,
) -> list[Vector]:
    found = connection.execute(query, {"day": day, **others}).fetchnumpy()
    return [np.asarray(found[name], dtype=np.float64) for name in names]
