"""Who buys again, and when: what `customer_predictions` is scored with, and how right it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import duckdb
import numpy as np

from dagster_project.modelling import backtest, buckets, buy_till_die, spend
from dagster_project.modelling.buckets import Buckets
from dagster_project.modelling.buy_till_die import FirstPurchase, Histories, Parameters
from dagster_project.modelling.model import Fitted, Model, Table
from dagster_project.modelling.purchases import (
    PURCHASES,
    Followed,
    purchases_per_day,
    read_followed,
    read_histories,
    read_rhythm,
    read_spending,
)
from dagster_project.modelling.thresholds import threshold

# The horizons of the columns of `customer_predictions`, and the one that is tried on the past.
HORIZONS = (30, 90, 365)
_BACKTEST_DAYS = 90

_MINIMUM_REPEAT_BUYERS = int(threshold("prediction_minimum_repeat_buyers"))
_MINIMUM_CUSTOMERS = int(threshold("prediction_minimum_customers"))
_RECENCY_EDGES = tuple(int(days) for days in threshold("prediction_recency_days"))
_BUCKET_PRIOR = float(threshold("prediction_bucket_prior"))
_MINIMUM_INTERVALS = int(threshold("prediction_minimum_intervals"))
_BY_DAY = threshold("purchase_grain") == "day"

_PARAMETER_NAMES = ("r", "alpha", "a", "b", "log_likelihood")
_SPEND_NAMES = {"spend_p": "p", "spend_q": "q", "spend_gamma": "gamma"}

PARAMETERS = Table(
    "prediction_parameters",
    "One row per month: what the predictions are made with. Null where there was too little.",
    {
        "customers": "BIGINT",
        "repeat_buyers": "BIGINT",
        **dict.fromkeys(_PARAMETER_NAMES, "DOUBLE"),
        **dict.fromkeys(_SPEND_NAMES, "DOUBLE"),
        "purchases_per_day": "DOUBLE",
        "interval_deviation": "DOUBLE",
    },
)
NODES = Table(
    "prediction_nodes",
    "One row per month and value of the dropout that the expected purchases are summed over.",
    {"node": "BIGINT", "dropout": "DOUBLE", "log_weight": "DOUBLE"},
)
BUCKETS = Table(
    "prediction_buckets",
    "One row per month, horizon and bucket of recency and frequency: what its customers did in the "
    "horizon before.",
    {
        "horizon_days": "BIGINT",
        "recency_from": "BIGINT",
        "recency_below": "BIGINT",
        "frequency_from": "BIGINT",
        "frequency_below": "BIGINT",
        "customers": "BIGINT",
        "buyer_share": "DOUBLE",
        "purchases": "DOUBLE",
    },
)
BACKTEST = Table(
    "prediction_backtest",
    "One row per month, model and tenth of the customers: what was predicted for the 90 days "
    "before the month, and what happened.",
    {
        "window_from": "DATE",
        "window_to": "DATE",
        "model": "VARCHAR",
        "tenth": "BIGINT",
        "customers": "BIGINT",
        "expected_purchases": "DOUBLE",
        "actual_purchases": "DOUBLE",
        "expected_buyer_share": "DOUBLE",
        "actual_buyer_share": "DOUBLE",
        "mean_absolute_error": "DOUBLE",
        "auc": "DOUBLE",
    },
)


def fit(connection: duckdb.DuckDBPyConnection, day: date) -> Fitted:
    """Fit as of a day, from purchases before it.

    Args:
        connection: to the work database, with the facts built.
        day: the first one that is not looked at.
    """
    histories = read_histories(connection, day)
    parameters = fit_where_enough(histories)
    found = {
        PARAMETERS.name: _parameter_row(connection, day, histories, parameters),
        BUCKETS.name: _bucket_rows(connection, day),
        BACKTEST.name: _backtest_rows(connection, day),
    }
    if parameters is not None:
        nodes = buy_till_die.dropout_nodes(parameters)
        found[NODES.name] = {
            "node": np.arange(len(nodes.dropout)),
            "dropout": nodes.dropout,
            "log_weight": nodes.log_weight,
        }
    return {name: columns for name, columns in found.items() if columns}


def fit_where_enough(histories: Histories) -> Parameters | None:
    """MBG/NBD, where there are repeat buyers enough to say something.

    Not BG/NBD, which holds everybody alive who bought once.
    """
    if histories.repeat_buyers < _MINIMUM_REPEAT_BUYERS:
        return None
    return buy_till_die.fit(histories, FirstPurchase.CAN_BE_LAST)


def _parameter_row(
    connection: duckdb.DuckDBPyConnection,
    day: date,
    histories: Histories,
    parameters: Parameters | None,
) -> dict[str, list[float]]:
    spending = read_spending(connection, day)
    enough = np.sum(spending.purchases > 1) >= _MINIMUM_REPEAT_BUYERS
    spent = spend.fit(spending) if enough else None
    rhythm = read_rhythm(connection, day)
    knows_rhythm = rhythm.degrees >= _MINIMUM_INTERVALS
    # NaN is null in the table.
    return {
        "customers": [histories.customers],
        "repeat_buyers": [histories.repeat_buyers],
        **{name: [getattr(parameters, name, np.nan)] for name in _PARAMETER_NAMES},
        **{column: [getattr(spent, name, np.nan)] for column, name in _SPEND_NAMES.items()},
        "purchases_per_day": [purchases_per_day(connection, day, by_day=_BY_DAY)],
        "interval_deviation": [rhythm.deviation if knows_rhythm else np.nan],
    }


def _bucket_rows(connection: duckdb.DuckDBPyConnection, day: date) -> dict[str, Any]:
    counted = {
        horizon: found
        for horizon in HORIZONS
        if (found := _count_buckets(read_window_before(connection, day, horizon))) is not None
    }
    if not counted:
        return {}
    names = [name for name in BUCKETS.columns if name != "horizon_days"]
    return {
        "horizon_days": np.repeat(list(counted), [len(b.customers) for b in counted.values()]),
        **{
            # What has no upper bound is null there.
            name: _finite(np.concatenate([getattr(b, name) for b in counted.values()]))
            for name in names
        },
    }


def read_window_before(connection: duckdb.DuckDBPyConnection, day: date, window: int) -> Followed:
    """Who was known so many days before a day, followed until the evening before it."""
    return read_followed(connection, day - timedelta(days=window), window)


def _count_buckets(followed: Followed) -> Buckets | None:
    if len(followed.x) < _MINIMUM_CUSTOMERS:
        return None
    return buckets.count_buckets(followed, _RECENCY_EDGES, _BUCKET_PRIOR)


def _backtest_rows(connection: duckdb.DuckDBPyConnection, day: date) -> Mapping[str, Any]:
    window = _BACKTEST_DAYS
    begin = day - timedelta(days=window)
    followed = read_window_before(connection, day, window)
    if len(followed.x) < _MINIMUM_CUSTOMERS:
        return {}
    predictions = {
        "last_window": backtest.by_last_window(followed),
        "own_rate": backtest.by_own_rate(followed, window),
    }
    counted = _count_buckets(read_window_before(connection, begin, window))
    if counted is not None:
        predictions["buckets"] = backtest.by_buckets(counted, followed)
    parameters = fit_where_enough(read_histories(connection, begin))
    if parameters is not None:
        predictions["mbg_nbd"] = backtest.by_model(parameters, followed, window)
    judged = backtest.judge(predictions, followed)
    rows = len(judged["model"])
    return {
        "window_from": np.repeat(np.datetime64(begin), rows),
        "window_to": np.repeat(np.datetime64(day - timedelta(days=1)), rows),
        **judged,
    }


def _finite(values: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(values), values, np.nan)


PREDICTIONS = Model(
    name="predictions",
    method="mbg-nbd and gamma-gamma 1, "
    + ", ".join(
        f"{name}={threshold(name)}"
        for name in (
            "prediction_minimum_repeat_buyers",
            "prediction_minimum_customers",
            "prediction_recency_days",
            "prediction_bucket_prior",
            "prediction_minimum_intervals",
            "purchase_grain",
        )
    ),
    reads=("marts.fct_orders",),
    tables=(PARAMETERS, NODES, BUCKETS, BACKTEST),
    inputs=f"select count(*) {PURCHASES}",
    fit=fit,
)
