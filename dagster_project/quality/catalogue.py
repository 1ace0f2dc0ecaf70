"""The expectation types that were verified on DuckDB, and how each of them is run.

Only these may stand in a suite. Each one passes on good data and fails on bad data in
`tests/unit/quality/test_catalogue.py`; a type that is not here either breaks on DuckDB (LIKE,
regex lists, increasing, JSON and strftime expectations, and the comparison with another table,
which takes `schema.table` for one name) or costs far more there than one query
of your own. Whatever it cannot say is said with `unexpected_rows`.
"""

from __future__ import annotations

import re

# One condition per row: counts, shares and failing keys can be given.
ROW_TYPES = frozenset(
    {
        "expect_column_pair_values_a_to_be_greater_than_b",
        "expect_column_pair_values_to_be_equal",
        "expect_column_value_lengths_to_be_between",
        "expect_column_values_to_be_between",
        "expect_column_values_to_be_in_set",
        "expect_column_values_to_be_null",
        "expect_column_values_to_match_regex",
        "expect_column_values_to_not_be_in_set",
        "expect_column_values_to_not_be_null",
        "expect_column_values_to_not_match_regex",
    }
)

# One figure per table or column.
FIGURE_TYPES = frozenset(
    {
        "expect_column_distinct_values_to_be_in_set",
        "expect_column_distinct_values_to_contain_set",
        "expect_column_max_to_be_between",
        "expect_column_mean_to_be_between",
        "expect_column_median_to_be_between",
        "expect_column_min_to_be_between",
        "expect_column_proportion_of_non_null_values_to_be_between",
        "expect_column_stdev_to_be_between",
        "expect_column_sum_to_be_between",
        "expect_column_to_exist",
        "expect_column_unique_value_count_to_be_between",
        "expect_table_columns_to_match_set",
        "expect_table_row_count_to_be_between",
    }
)

QUERY_TYPE = "unexpected_rows_expectation"

SUPPORTED_TYPES = ROW_TYPES | FIGURE_TYPES | {QUERY_TYPE}


def canonical_type(written: str) -> str | None:
    """Return the library's snake-case name of an expectation type, None when unsupported.

    `written` is snake or Camel case; `unexpected_rows` is short for the SQL expectation.
    """
    snake = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", written).lower()
    if snake == "unexpected_rows":
        return QUERY_TYPE
    return snake if snake in SUPPORTED_TYPES else None


def needed_arguments(expectation_type: str) -> tuple[str, ...]:
    """Return the arguments of which at least one must be given.

    Without them the library takes a default that every row satisfies.
    """
    if expectation_type.endswith("_to_be_between"):
        return ("min_value", "max_value")
    if expectation_type.endswith("_set"):
        return ("value_set", "column_set")
    if expectation_type.endswith("_regex"):
        return ("regex",)
    return ()
