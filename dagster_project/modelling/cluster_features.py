"""What customers are compared by, from purchases before a day.

The features are the macros of `dbt_project/macros/normalised_features.sql`, which dbt calls too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from types import ModuleType

import duckdb
import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from numpy.typing import NDArray

from dagster_project.settings import DBT_PROJECT_DIR

Matrix = NDArray[np.float64]

_CUSTOMERS = """
with purchases as (
    select order_id, customer_id, order_date, net_amount
    from marts.fct_orders
    where is_purchase and customer_id is not null and order_date < $day
),
categories as (
    select p.customer_id, count(distinct d.category) as category_count
    from purchases p
    join marts.fct_order_items i using (order_id)
    join marts.dim_products d using (product_id)
    group by p.customer_id
),
customers as (
    select customer_id, count(distinct order_date) as purchase_days, sum(net_amount) as net_amount,
        date_diff('day', max(order_date), $day) - 1 as recency_days,
        coalesce(any_value(category_count), 0) as category_count
    from purchases left join categories using (customer_id)
    group by customer_id
)
select {features}
from customers
order by md5(customer_id), customer_id
limit $most
"""


@dataclass(frozen=True)
class Features:
    """Customers and their features on logarithmic scales.

    Attributes:
        names: of the features.
        values: a row per customer, a column per feature.
    """

    names: tuple[str, ...]
    values: Matrix


def feature_names() -> tuple[str, ...]:
    """Names of the features, in the order of the columns."""
    return tuple(str(_macros().normalised_feature_names()).split(","))


def read_features(connection: duckdb.DuckDBPyConnection, day: date, most: int) -> Features:
    """Features of everybody who bought before a day, as of the evening before it.

    Args:
        connection: to the work database, with the facts built.
        day: the first one that is not looked at.
        most: of more customers so many are taken, by a hash of their ids: always the same ones.
    """
    names = feature_names()
    features = ", ".join(f"{_macros().log_feature(name)} as {name}" for name in names)
    query = _CUSTOMERS.replace("{features}", features)
    found = connection.execute(query, {"day": day, "most": most}).fetchnumpy()
    columns = [np.asarray(found[name], dtype=np.float64) for name in names]
    return Features(names, np.column_stack(columns))


@cache
def _macros() -> ModuleType:
    environment = Environment(
        loader=FileSystemLoader(DBT_PROJECT_DIR / "macros"), undefined=StrictUndefined
    )
    return environment.get_template("normalised_features.sql").module  # type: ignore[return-value]
