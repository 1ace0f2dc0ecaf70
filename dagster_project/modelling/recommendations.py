"""What to show a customer next: the products of customers who buy alike, once a month.

Fitted only with the extra `recommendations` and enough customers; without, the marts take the
cosine of the products from SQL. A second fit on the days up to the last thirty is the trial that
`recommendation_backtest` judges.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from dagster_project.modelling import least_squares
from dagster_project.modelling.model import SCHEMA, Fitted, Model, Table
from dagster_project.modelling.thresholds import threshold
from dagster_project.modelling.versions import VERSIONS

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_MINIMUM_CUSTOMERS = int(threshold("recommendation_als_minimum_customers"))
_CANDIDATES = int(threshold("recommendation_candidates"))
_SLOTS = int(threshold("recommendation_slots"))
_TRIAL_DAYS = int(threshold("recommendation_trial_days"))
_TRIAL_CUSTOMERS = int(threshold("recommendation_trial_customers"))
# Below, everybody has bought most of what there is.
_MINIMUM_PRODUCTS = 20

# By number, because the lists of a million customers are twenty million rows.
CUSTOMERS = Table(
    "recommendation_customers",
    "One row per customer with recommendations of this month.",
    {"customer_number": "INTEGER", "customer_id": "VARCHAR"},
)
PRODUCTS = Table(
    "recommendation_products",
    "One row per product that was bought before this month.",
    {"product_number": "INTEGER", "product_id": "VARCHAR"},
)
CANDIDATES = Table(
    "recommendation_candidates",
    "One row per customer and place: a product that customers who buy alike buy.",
    {
        "customer_number": "INTEGER",
        "place": "INTEGER",
        "product_number": "INTEGER",
        "score": "DOUBLE",
    },
)
TRIALS = Table(
    "recommendation_trials",
    "One row per customer of the trial and place: what was recommended before its last days.",
    {"customer_number": "INTEGER", "place": "INTEGER", "product_number": "INTEGER"},
)

# Numbers follow the ids, so that the same data gives the same ones.
_BOUGHT = """
create or replace temp table bought_products as
with bought as (
    select
        o.customer_id,
        i.product_id,
        count(distinct o.order_date) as days,
        count(distinct case when o.order_date < $split then o.order_date end) as early_days
    from marts.fct_orders as o
    inner join marts.fct_order_items as i on o.order_id = i.order_id
    where o.is_purchase and o.customer_id is not null and o.order_date < $day
        and i.product_id is not null and i.quantity > 0
    group by o.customer_id, i.product_id
),
customers as (
    select customer_id, row_number() over (order by customer_id) - 1 as customer_number
    from (select distinct customer_id from bought)
),
products as (
    select product_id, row_number() over (order by product_id) - 1 as product_number
    from (select distinct product_id from bought)
)
select b.*, c.customer_number, p.product_number
from bought as b
inner join customers as c on b.customer_id = c.customer_id
inner join products as p on b.product_id = p.product_id
"""

# By the hash of the id, as in `recommendation_backtest`.
_TRIAL_SAMPLE = """
select customer_number
from (select distinct customer_number, customer_id from bought_products where early_days > 0)
order by md5(customer_id), customer_id
limit $most
"""


def fit(connection: duckdb.DuckDBPyConnection, day: date) -> Fitted:
    """Fit as of a day, from purchases before it, and a trial thirty days earlier.

    Args:
        connection: to the work database, with the facts built.
        day: the first one that is not looked at.
    """
    if not least_squares.is_available():
        return {}
    split = day - timedelta(days=_TRIAL_DAYS)
    connection.execute(_BOUGHT, {"day": day, "split": split})
    try:
        customers, products = _ids(connection, "customer"), _ids(connection, "product")
        if len(customers) < _MINIMUM_CUSTOMERS or len(products) < _MINIMUM_PRODUCTS:
            return {}
        shape = (len(customers), len(products))
        owner, place, found, score = least_squares.recommend(
            _bought(connection, "days", shape), np.arange(len(customers)), _CANDIDATES
        )
        trial = _trial(connection, shape)
    finally:
        connection.execute("drop table bought_products")
    return {
        CUSTOMERS.name: _numbers("customer", customers),
        PRODUCTS.name: _numbers("product", products),
        CANDIDATES.name: {
            "customer_number": owner,
            "place": place,
            "product_number": found,
            # Beyond the fourth digit processors may differ.
            "score": np.round(score.astype(np.float64), 4),
        },
        TRIALS.name: trial,
    }


def keep_only(connection: duckdb.DuckDBPyConnection, day: date) -> None:
    """Drop lists of other months, and customers who are none any more.

    Twenty rows a customer and month add up; a past month that is asked for again is fitted again,
    which gives the same.

    Args:
        connection: opened for writing on the work database.
        day: of the version to keep.
    """
    for table in (CUSTOMERS, PRODUCTS, CANDIDATES, TRIALS):
        connection.execute(f"delete from {SCHEMA}.{table.name} where fitted_as_of <> ?", [day])
    connection.execute(
        f"delete from {SCHEMA}.{VERSIONS.name} where model = ? and fitted_as_of <> ?",
        [RECOMMENDATIONS.name, day],
    )
    connection.execute(
        f"delete from {SCHEMA}.{CUSTOMERS.name} "
        "where customer_id not in (select customer_id from marts.dim_customers)"
    )


def _trial(
    connection: duckdb.DuckDBPyConnection, shape: tuple[int, int]
) -> dict[str, NDArray[Any]]:
    sample = connection.execute(_TRIAL_SAMPLE, {"most": _TRIAL_CUSTOMERS}).fetchnumpy()
    owner, place, found, _ = least_squares.recommend(
        _bought(connection, "early_days", shape),
        np.sort(sample["customer_number"].astype(np.int64)),
        _SLOTS,
    )
    return {"customer_number": owner, "place": place, "product_number": found}


def _ids(connection: duckdb.DuckDBPyConnection, what: str) -> NDArray[Any]:
    """Ids in the order of their numbers."""
    return connection.execute(
        f"select distinct {what}_number, {what}_id from bought_products order by 1"
    ).fetchnumpy()[f"{what}_id"]


def _bought(connection: duckdb.DuckDBPyConnection, days: str, shape: tuple[int, int]) -> csr_matrix:
    found = connection.execute(
        f"select customer_number, product_number, {days} as days from bought_products "
        f"where {days} > 0 order by customer_number, product_number"
    ).fetchnumpy()
    return least_squares.purchase_matrix(
        found["customer_number"], found["product_number"], found["days"], shape
    )


def _numbers(what: str, ids: NDArray[Any]) -> dict[str, NDArray[Any]]:
    return {
        f"{what}_number": np.arange(len(ids), dtype=np.int32),
        f"{what}_id": ids,
    }


RECOMMENDATIONS = Model(
    name="recommendations",
    method=f"{least_squares.METHOD if least_squares.is_available() else 'not installed'}, "
    f"minimum {_MINIMUM_CUSTOMERS}, candidates {_CANDIDATES}, slots {_SLOTS}, "
    f"trial {_TRIAL_DAYS} days of {_TRIAL_CUSTOMERS} customers",
    reads=("marts.fct_orders", "marts.fct_order_items", "marts.dim_customers"),
    tables=(CUSTOMERS, PRODUCTS, CANDIDATES, TRIALS),
    inputs="select count(*) from marts.fct_orders "
    "where is_purchase and customer_id is not null and order_date < $day",
    fit=fit,
    each_night=keep_only,
)
