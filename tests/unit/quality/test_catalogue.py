"""Every supported expectation type passes on good data and fails on damaged data.

This is the proof behind the list in `catalogue.py`: each row damages the good table in one way
and says how many rows, which share of those looked at, and which keys must come back.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from dagster_project.quality.catalogue import QUERY_TYPE, ROW_TYPES, SUPPORTED_TYPES
from dagster_project.quality.results import RuleResult

from .conftest import a_rule

pytestmark = pytest.mark.engine

ONE = "where order_id = 'o7'"
TWO = "where order_id in ('o7', 'o9')"


def update(change: str, where: str = ONE) -> str:
    """One damaging UPDATE."""
    return f"update marts.fct_orders set {change} {where}"


@dataclass(frozen=True)
class Case:
    """A rule that holds on the good data and what `damage` must make of it."""

    type: str
    kwargs: dict[str, Any]
    damage: str
    count: int | None = None
    share: float | None = None
    keys: tuple[str, ...] = ()


CASES = [
    Case(
        "expect_column_values_to_not_be_null",
        {"column": "customer_id"},
        update("customer_id = null", TWO),
        2,
        0.02,
        ("o7", "o9"),
    ),
    Case(
        "expect_column_values_to_not_be_null",
        {"column": "customer_id"},
        update("customer_id = null", ""),
        100,
        1.0,
        tuple(f"o{i}" for i in range(20)),
    ),
    Case(
        "expect_column_values_to_be_null",
        {"column": "test_marker"},
        update("test_marker = 'x'"),
        1,
        0.01,
        ("o7",),
    ),
    Case(
        "expect_column_values_to_be_between",
        {"column": "paid_amount", "min_value": 0, "max_value": 99},
        update("paid_amount = -0.01", TWO),
        2,
        0.02,
        ("o7", "o9"),
    ),
    Case(
        "expect_column_values_to_be_between",
        {"column": "order_date", "min_value": "2024-01-01", "max_value": "2024-12-31"},
        update("order_date = date '1970-01-01'"),
        1,
        0.01,
        ("o7",),
    ),
    Case(
        "expect_column_values_to_be_between",
        {"column": "ordered_at", "min_value": "2024-01-01 10:00:00"},
        update("ordered_at = timestamp '2024-01-01 09:59:59'"),
        1,
        0.01,
        ("o7",),
    ),
    Case(
        "expect_column_values_to_be_between",
        {"column": "weight", "min_value": 0, "strict_min": False, "max_value": 99.5},
        update("weight = 'nan'::double"),
        1,
        0.01,
        ("o7",),
    ),
    Case(
        "expect_column_values_to_be_in_set",
        {"column": "status", "value_set": ["paid", "shipped"]},
        update("status = 'Paid'", TWO),
        2,
        0.02,
        ("o7", "o9"),
    ),
    Case(
        "expect_column_values_to_not_be_in_set",
        {"column": "status", "value_set": ["unknown", ""]},
        update("status = ''"),
        1,
        0.01,
        ("o7",),
    ),
    Case(
        "expect_column_values_to_match_regex",
        {"column": "order_id", "regex": r"^o\d{1,2}$"},
        update("order_id = 'o 7'"),
        1,
        0.01,
        ("o 7",),
    ),
    Case(
        "expect_column_values_to_not_match_regex",
        {"column": "status", "regex": r"\s$"},
        update("status = 'paid '"),
        1,
        0.01,
        ("o7",),
    ),
    Case(
        "expect_column_value_lengths_to_be_between",
        {"column": "order_id", "min_value": 2, "max_value": 3},
        update("order_id = 'order number 7'"),
        1,
        0.01,
        ("order number 7",),
    ),
    Case(
        "expect_column_pair_values_a_to_be_greater_than_b",
        {"column_A": "gross_amount", "column_B": "paid_amount", "or_equal": True},
        update("paid_amount = gross_amount + 1", TWO),
        2,
        0.02,
        ("o7", "o9"),
    ),
    Case(
        "expect_column_pair_values_to_be_equal",
        {"column_A": "weight", "column_B": "paid_amount"},
        update("paid_amount = 0"),
        1,
        0.01,
        ("o7",),
    ),
    Case(
        QUERY_TYPE,
        {
            "unexpected_rows_query": "select order_id, count(*) as copies from {batch}"
            " group by order_id having count(*) > 1;"
        },
        "insert into marts.fct_orders from marts.fct_orders " + ONE,
        1,
        1 / 101,
        ("o7",),
    ),
    Case(
        QUERY_TYPE,
        {
            "unexpected_rows_query": "select o.order_id from {batch} as o"
            " join marts.order_totals as t on t.order_id = o.order_id"
            " where o.paid_amount <> t.paid_amount"
        },
        update("paid_amount = 0"),
        1,
        0.01,
        ("o7",),
    ),
    Case(
        QUERY_TYPE,
        {
            "unexpected_rows_query": "with last as (select max(order_date) as day from {batch})"
            " select o.order_id, o.order_date - date '2024-01-01' as days"
            " from {batch} as o, last where o.order_date > last.day - 1000"
            " and not exists (select 1 from marts.order_totals as t"
            " where t.order_id = o.order_id) order by o.order_id"
        },
        update("order_id = 'x'"),
        1,
        0.01,
        ("x",),
    ),
    Case(
        QUERY_TYPE,
        {
            "unexpected_rows_query": "select order_id from {batch}"
            r" where not regexp_matches(order_id, '^o\d{{1,2}}$')"
        },
        update("order_id = 'x'"),
        1,
        0.01,
        ("x",),
    ),
    Case(
        "expect_column_distinct_values_to_be_in_set",
        {"column": "status", "value_set": ["paid", "shipped", "refunded"]},
        update("status = 'odd'"),
    ),
    Case(
        "expect_column_distinct_values_to_contain_set",
        {"column": "status", "value_set": ["paid"]},
        update("status = 'shipped'", ""),
    ),
    Case(
        "expect_column_max_to_be_between",
        {"column": "order_date", "max_value": "2024-12-31"},
        update("order_date = date '2031-01-01'"),
    ),
    Case(
        "expect_column_max_to_be_between",
        {"column": "paid_amount", "max_value": 99},
        update("paid_amount = 99.01"),
    ),
    Case(
        "expect_column_min_to_be_between",
        {"column": "paid_amount", "min_value": 0},
        update("paid_amount = -1"),
    ),
    Case(
        "expect_column_mean_to_be_between",
        {"column": "paid_amount", "min_value": 40, "max_value": 60},
        update("paid_amount = 1000000"),
    ),
    Case(
        "expect_column_median_to_be_between",
        {"column": "paid_amount", "min_value": 40, "max_value": 60},
        update("paid_amount = 1", "where paid_amount > 20"),
    ),
    Case(
        "expect_column_stdev_to_be_between",
        {"column": "paid_amount", "min_value": 20, "max_value": 40},
        update("paid_amount = 1", ""),
    ),
    Case(
        "expect_column_sum_to_be_between",
        {"column": "paid_amount", "min_value": 4950, "max_value": 4950},
        update("paid_amount = paid_amount + 0.01"),
    ),
    Case(
        "expect_column_unique_value_count_to_be_between",
        {"column": "status", "min_value": 2, "max_value": 2},
        update("status = 'odd'"),
    ),
    Case(
        "expect_column_proportion_of_non_null_values_to_be_between",
        {"column": "customer_id", "min_value": 0.99},
        update("customer_id = null", TWO),
    ),
    Case(
        "expect_column_to_exist",
        {"column": "status"},
        "alter table marts.fct_orders rename column status to state",
    ),
    Case(
        "expect_table_columns_to_match_set",
        {"column_set": ["order_id", "status"], "exact_match": False},
        "alter table marts.fct_orders rename column status to state",
    ),
    Case(
        "expect_table_row_count_to_be_between",
        {"min_value": 100, "max_value": 100},
        "delete from marts.fct_orders " + ONE,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.type)
def test_passes_on_good_data_and_fails_on_damaged_data(
    case: Case, check: Callable[..., list[RuleResult]], damage: Callable[[str], None]
) -> None:
    rule = a_rule(case.type, **case.kwargs)
    (good,) = check(rule)
    assert (good.passed, good.error) == (True, None)
    assert good.element_count == 100
    assert json.loads(good.sample) == []
    if case.count is not None:
        assert (good.unexpected_count, good.unexpected_share) == (0, 0.0)

    damage(case.damage)
    (bad,) = check(rule)
    assert (bad.passed, bad.error) == (False, None)
    assert bad.unexpected_count == case.count
    assert bad.unexpected_share == (None if case.share is None else pytest.approx(case.share))
    assert tuple(row["order_id"] for row in json.loads(bad.sample)) == case.keys
    if case.type not in ROW_TYPES | {"expect_column_to_exist"}:
        assert bad.observed_value


def test_no_supported_type_is_without_proof() -> None:
    assert {case.type for case in CASES} == SUPPORTED_TYPES
