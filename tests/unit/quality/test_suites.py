"""Suite files: what is understood is loaded whole, anything else is an error."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dagster_project.quality.suites import SuiteError, load_suite, load_suites

from .conftest import a_rule

NOT_NULL = a_rule("expect_column_values_to_not_be_null", column="order_id")
WriteSuite = Callable[..., Path]


def test_a_suite_is_read_as_written(write_suite: WriteSuite) -> None:
    path = write_suite(NOT_NULL | {"reason": "first line\nsecond line"})
    suite = load_suite(path)
    assert (suite.table, suite.gate, suite.owner) == (
        "marts.fct_orders",
        "facts",
        "data-team@shop",
    )
    assert suite.key == ("order_id",)
    (rule,) = suite.rules
    assert rule.type == "expect_column_values_to_not_be_null"
    assert rule.reason == "first line second line"
    assert rule.kwargs == {"column": "order_id"}


@pytest.mark.parametrize(
    "written",
    ["unexpected_rows", "UnexpectedRowsExpectation", "unexpected_rows_expectation"],
)
def test_the_query_type_has_a_short_name(written: str, write_suite: WriteSuite) -> None:
    suite = load_suite(write_suite(a_rule(written)))
    assert suite.rules[0].type == "unexpected_rows_expectation"


def test_camel_case_types_are_the_same(write_suite: WriteSuite) -> None:
    suite = load_suite(write_suite(a_rule("ExpectColumnPairValuesAToBeGreaterThanB")))
    assert suite.rules[0].type == "expect_column_pair_values_a_to_be_greater_than_b"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"type": "expect_column_values_to_not_be_nul"}, "not an expectation type"),
        ({"type": "expect_column_values_to_be_increasing"}, "not an expectation type"),
        ({"severity": "fatal"}, "severity 'fatal' is none of"),
        ({"kind": "beauty"}, "kind 'beauty' is none of"),
        ({"reason": " "}, "reason must be a text"),
        ({"reson": "x"}, "unknown key reson"),
        ({"kwargs": ["order_id"]}, "kwargs must be a mapping"),
        ({"kwargs": {"column": "a", "result_format": "COMPLETE"}}, "result_format cannot be set"),
        ({"kwargs": {"column": "a", "severity": "info"}}, "severity cannot be set"),
    ],
)
def test_a_misspelt_rule_is_an_error_that_names_it(
    change: dict[str, Any], message: str, write_suite: WriteSuite
) -> None:
    path = write_suite(NOT_NULL | change)
    with pytest.raises(SuiteError, match=message) as caught:
        load_suite(path)
    assert str(path) in str(caught.value)
    assert "the_rule" in str(caught.value)


@pytest.mark.parametrize(
    "rule",
    [
        a_rule("expect_column_values_to_be_in_set", column="status", value_set=None),
        a_rule("expect_column_values_to_be_in_set", column="status", value_set=[]),
        a_rule("expect_column_values_to_be_in_set", column="status", value_set=["paid", None]),
        a_rule("expect_column_values_to_be_in_set", column="status"),
        a_rule("expect_column_values_to_match_regex", column="status"),
        a_rule("expect_column_sum_to_be_between", column="paid_amount"),
        a_rule("expect_column_sum_to_be_between", column="paid_amount", min_value=None),
        a_rule("expect_table_row_count_to_be_between"),
        a_rule("expect_table_columns_to_match_set"),
        a_rule("expect_column_values_to_not_be_null", column="order_id", mostly=0),
    ],
)
def test_a_rule_that_could_never_fail_is_an_error(
    rule: dict[str, Any], write_suite: WriteSuite
) -> None:
    with pytest.raises(SuiteError, match="rule 'the_rule'"):
        load_suite(write_suite(rule))


@pytest.mark.parametrize("key", ["name", "kind", "type", "severity", "reason"])
def test_nothing_may_be_left_out_of_a_rule(key: str, write_suite: WriteSuite) -> None:
    rule = {name: value for name, value in NOT_NULL.items() if name != key}
    with pytest.raises(SuiteError, match=f"{key} missing"):
        load_suite(write_suite(rule))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"gate": "staging"}, "gate 'staging' is none of"),
        ({"table": "fct_orders"}, "must be schema.table"),
        ({"key": "order_id"}, "key must be a list"),
        ({"key": []}, "key must be a list"),
        ({"owner": None}, "owner must be a text"),
        ({"rules": []}, "at least one rule"),
        ({"ruls": []}, "unknown key ruls"),
    ],
)
def test_a_misspelt_suite_is_an_error(
    fields: dict[str, Any], message: str, write_suite: WriteSuite
) -> None:
    with pytest.raises(SuiteError, match=message):
        load_suite(write_suite(NOT_NULL, **fields))


def test_a_rule_name_used_twice_is_an_error(write_suite: WriteSuite) -> None:
    with pytest.raises(SuiteError, match="'the_rule' is there twice"):
        load_suite(write_suite(NOT_NULL, NOT_NULL | {"severity": "info"}))


def test_two_lists_of_rules_do_not_lose_one(write_suite: WriteSuite) -> None:
    path = write_suite(NOT_NULL)
    path.write_text(path.read_text("utf-8") + "rules: []\n", "utf-8")
    with pytest.raises(SuiteError, match="'rules' is there twice"):
        load_suite(path)


def test_broken_yaml_names_the_file(write_suite: WriteSuite) -> None:
    path = write_suite(NOT_NULL)
    path.write_text("table: [", "utf-8")
    with pytest.raises(SuiteError, match="not readable as YAML"):
        load_suite(path)


def test_two_files_for_one_table_are_an_error(write_suite: WriteSuite) -> None:
    write_suite(NOT_NULL)
    folder = write_suite(NOT_NULL, name="orders_again").parent
    with pytest.raises(SuiteError, match=r"marts\.fct_orders already has fct_orders\.yml"):
        load_suites(folder)


def test_a_folder_without_suites_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match="no suites found"):
        load_suites(tmp_path / "nowhere")
