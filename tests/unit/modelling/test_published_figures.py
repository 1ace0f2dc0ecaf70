"""Figures that others have published of CDNOW, from its public file.

The file may not be copied into the project: `PUBLISHED_DATA` names the folder that holds
`CDNOW_sample.txt` (docs/figures.md), and without it these tests are skipped. What they prove of
the code is proved on made data too, in the other modules of this folder.
"""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pytest

from dagster_project.modelling import buy_till_die, spend
from dagster_project.modelling.buy_till_die import FirstPurchase, Histories
from dagster_project.modelling.purchases import read_histories
from dagster_project.modelling.spend import Spending

FILE = Path(os.environ.get("PUBLISHED_DATA", "")) / "CDNOW_sample.txt"

pytestmark = pytest.mark.skipif(
    "PUBLISHED_DATA" not in os.environ, reason="PUBLISHED_DATA names no folder with CDNOW"
)


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("create schema marts")
    connection.execute(
        r"""
        create table marts.fct_orders as
        with lines as (
            select string_split_regex(trim(line), '\s+') as part
            from read_csv($file, header = false, columns = {line: 'VARCHAR'}, delim = '|')
        )
        select part[2] as customer_id, strptime(part[3], '%Y%m%d')::date as order_date,
            part[5]::decimal(18, 2) as net_amount, true as is_purchase
        from lines
        """,
        {"file": str(FILE)},
    )
    return connection


def in_weeks(histories: Histories) -> Histories:
    return Histories(histories.x, histories.t_x / 7, histories.age / 7, histories.weight)


def test_bg_nbd_as_fader_hardie_and_lee_print_it(connection) -> None:
    histories = in_weeks(read_histories(connection, date(1997, 10, 1)))
    assert histories.customers == 2_357
    fitted = buy_till_die.fit(histories, FirstPurchase.IS_NEVER_LAST)
    assert fitted is not None
    found = [round(value, 3) for value in (fitted.r, fitted.alpha, fitted.a, fitted.b)]
    assert found == [0.243, 4.414, 0.793, 2.426]
    assert round(fitted.log_likelihood, 1) == -9582.4


def test_gamma_gamma_of_repeat_purchases(connection) -> None:
    """The mean of a customer's repeat purchase days, as the published figures have it."""
    found = connection.execute(
        """
        with days as (
            select customer_id, order_date, cast(sum(net_amount) as double) as amount
            from marts.fct_orders where order_date <= date '1997-09-30' group by all
        ),
        firsts as (
            select customer_id, min(order_date) as first_day from days group by all
        )
        select count(*) as purchases, avg(amount) as mean
        from days join firsts using (customer_id)
        where order_date > first_day group by customer_id having avg(amount) > 0
        order by all
        """
    ).fetchnumpy()
    fitted = spend.fit(Spending(*(np.asarray(v, dtype=float) for v in found.values())))
    assert fitted is not None
    assert [round(v, 2) for v in (fitted.p, fitted.q, fitted.gamma)] == [6.25, 3.74, 15.44]
