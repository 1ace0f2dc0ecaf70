"""Gates: failures of every sort are failures, nothing private leaves, the file is let go."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pytest

from dagster_project.quality.results import RuleResult
from dagster_project.quality.runner import run_gate
from dagster_project.quality.suites import SuiteError, load_suite, load_suites

from .conftest import CHECKED_AT, a_rule

pytestmark = pytest.mark.engine

Check = Callable[..., list[RuleResult]]
Damage = Callable[[str], None]
NOT_NULL = "expect_column_values_to_not_be_null"
GOOD = a_rule(NOT_NULL, name="good", column="order_id")


def query_rule(query: str, name: str = "the_rule") -> dict[str, object]:
    """A rule that expects `query` to return nothing."""
    return a_rule("unexpected_rows", name=name, unexpected_rows_query=query)


def test_results_keep_the_order_and_words_of_the_suite(check: Check) -> None:
    results = check(
        query_rule("select order_id from {batch} where paid_amount < 0", name="b"),
        a_rule("expect_column_max_to_be_between", name="a", column="paid_amount", max_value=1)
        | {"severity": "info", "kind": "outliers"},
        GOOD | {"severity": "warning"},
    )
    assert [result.rule for result in results] == ["b", "a", "good"]
    assert [result.passed for result in results] == [True, False, True]
    assert [result.severity for result in results] == ["critical", "info", "warning"]
    assert results[1].observed_value == "99.0"
    assert results[1].kind == "outliers"
    assert {(r.gate, r.owner, r.reason) for r in results} == {
        ("facts", "data-team@shop", "Something breaks otherwise.")
    }


def test_equal_rules_under_two_names_are_both_run(check: Check) -> None:
    results = check(GOOD, GOOD | {"name": "again"})
    assert [(result.rule, result.passed) for result in results] == [("good", True), ("again", True)]


def test_a_tolerated_share_passes_and_is_still_counted(check: Check, damage: Damage) -> None:
    rule = a_rule(NOT_NULL, column="customer_id", mostly=0.95)
    damage("update marts.fct_orders set customer_id = null where paid_amount < 5")
    (at_the_limit,) = check(rule)
    assert at_the_limit.passed
    assert (at_the_limit.unexpected_count, at_the_limit.unexpected_share) == (5, 0.05)
    assert json.loads(at_the_limit.sample)[0] == {"order_id": "o0"}
    damage("update marts.fct_orders set customer_id = null where paid_amount = 5")
    (beyond,) = check(rule)
    assert (beyond.passed, beyond.unexpected_count) == (False, 6)


def test_the_share_is_of_the_rows_a_rule_looks_at(check: Check, damage: Damage) -> None:
    damage("update marts.fct_orders set status = null where paid_amount >= 50")
    (result,) = check(
        a_rule("expect_column_values_to_be_in_set", column="status", value_set=["paid"])
    )
    assert (result.unexpected_count, result.unexpected_share) == (25, 0.5)


def test_a_sample_has_at_most_twenty_rows_and_the_count_is_whole(check: Check) -> None:
    row_rule, query = check(
        a_rule("expect_column_values_to_be_in_set", "row", column="status", value_set=["x"]),
        query_rule("select order_id from {batch}"),
    )
    for result in (row_rule, query):
        assert result.unexpected_count == 100
        assert len(json.loads(result.sample)) == 20


def test_samples_show_no_column_but_the_key_and_computed_ones(check: Check) -> None:
    email, everything = check(
        a_rule("expect_column_values_to_match_regex", "email", column="email", regex="^none$"),
        query_rule("select *, paid_amount - 1 as difference from {batch} where order_id = 'o7'"),
    )
    assert json.loads(email.sample)[0] == {"order_id": "o0"}
    assert json.loads(everything.sample) == [{"order_id": "o7", "difference": "6.00"}]
    assert "example.com" not in f"{email} {everything}"


def test_errors_show_no_values_and_no_query(check: Check) -> None:
    (result,) = check(
        query_rule("select order_id from {batch} where cast(email as integer) > 0 or 'x' = ''")
    )
    assert result.error is not None
    assert "Conversion Error: Could not convert string '…'" in result.error
    assert "example.com" not in result.error
    assert "select" not in result.error


def test_samples_are_json_whatever_the_query_computes(check: Check) -> None:
    (result,) = check(
        query_rule(
            "select order_id, 'nan'::double as ratio, 1.5::decimal(18, 2) as money,"
            " timestamp '2024-01-01 10:00:00' as at, '中' as name, [1, 2] as list"
            " from {batch} limit 1"
        )
    )
    assert json.loads(result.sample, parse_constant=pytest.fail) == [
        {
            "order_id": "o0",
            "ratio": "nan",
            "money": "1.50",
            "at": "2024-01-01 10:00:00",
            "name": "中",
            "list": [1, 2],
        }
    ]


def test_a_query_may_end_in_a_comment(check: Check) -> None:
    (result,) = check(query_rule("select order_id from {batch} where paid_amount = 7 -- one"))
    assert result.unexpected_count == 1


def test_bounds_may_be_written_as_dates(check: Check) -> None:
    (result,) = check(
        a_rule(
            "expect_column_values_to_be_between",
            column="order_date",
            min_value=date(2024, 1, 1),
            max_value=date(2024, 1, 2),
        )
    )
    assert (result.passed, result.unexpected_count) == (False, 98)


def test_names_may_be_chinese_or_need_quotes(check: Check, damage: Damage) -> None:
    damage(
        'create table marts."订单 表" as'
        ' select order_id as "订单号", 1 as "Order" from marts.fct_orders'
    )
    results = check(
        a_rule("expect_column_values_to_match_regex", "a", column="订单号", regex="^x"),
        a_rule("expect_column_values_to_be_in_set", "b", column="Order", value_set=[2]),
        query_rule('select "订单号" from {batch} as "表" where "Order" = 1', name="c"),
        table="marts.订单 表",
        key=["订单号"],
    )
    for result in results:
        assert (result.unexpected_count, result.error) == (100, None)
        assert json.loads(result.sample)[0] == {"订单号": "o0"}


def test_several_key_columns_name_a_row_together(check: Check) -> None:
    (result,) = check(
        a_rule("expect_column_values_to_be_between", column="paid_amount", max_value=98),
        key=["order_id", "order_date"],
    )
    assert json.loads(result.sample) == [{"order_id": "o99", "order_date": "2024-04-09"}]


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (a_rule(NOT_NULL, column="nowhere"), "nowhere"),
        (query_rule("select nowhere from {batch}"), "nowhere"),
        (query_rule("selec order_id from {batch}"), "syntax error"),
        (query_rule("select cast(order_id as integer) as n from {batch}"), "Could not convert"),
        (a_rule("expect_column_mean_to_be_between", column="status", max_value=1), "avg"),
        (
            a_rule("expect_column_values_to_be_between", column="status", min_value=1),
            "column of type VARCHAR",
        ),
    ],
)
def test_a_rule_that_cannot_be_computed_fails_and_spares_the_others(
    rule: dict[str, object], message: str, check: Check
) -> None:
    other = query_rule("select order_id from {batch} where paid_amount < 0", name="other")
    broken, good, query = check(rule, GOOD, other)
    assert not broken.passed
    assert message in str(broken.error)
    assert (broken.unexpected_count, broken.unexpected_share) == (None, None)
    assert [(r.passed, r.error) for r in (good, query)] == [(True, None), (True, None)]


def test_a_missing_table_fails_every_rule_of_its_suite(check: Check) -> None:
    results = check(GOOD, GOOD | {"name": "again"}, table="marts.nowhere")
    assert [result.passed for result in results] == [False, False]
    assert {result.error for result in results} == {
        "table marts.nowhere does not exist in the work database"
    }


def test_a_key_that_is_no_column_is_a_failure(check: Check) -> None:
    (result,) = check(GOOD, key=["order_no"])
    assert not result.passed
    assert "key column order_no is not in marts.fct_orders" in str(result.error)


def test_an_empty_table_passes_row_rules_and_fails_the_row_count(
    check: Check, damage: Damage
) -> None:
    damage("delete from marts.fct_orders")
    row, count = check(GOOD, a_rule("expect_table_row_count_to_be_between", min_value=1))
    assert (row.passed, row.unexpected_count) == (True, 0)
    assert (count.passed, count.observed_value) == (False, "0")


def test_a_pair_with_one_null_is_not_greater_nor_less_but_unequal(
    check: Check, damage: Damage
) -> None:
    damage("update marts.fct_orders set paid_amount = null where order_id = 'o7'")
    greater = "expect_column_pair_values_a_to_be_greater_than_b"
    equal = "expect_column_pair_values_to_be_equal"
    results = check(
        a_rule(greater, "greater", column_A="gross_amount", column_B="paid_amount"),
        a_rule(equal, "equal", column_A="weight", column_B="paid_amount"),
    )
    assert [result.passed for result in results] == [True, False]


def test_views_are_checked_like_tables(check: Check, damage: Damage) -> None:
    damage("create view marts.paid as from marts.fct_orders where status = 'paid'")
    (result,) = check(GOOD, table="marts.paid")
    assert (result.passed, result.element_count) == (True, 50)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (a_rule(NOT_NULL, column="order_id", mosty=0.9), "mosty"),
        (a_rule(NOT_NULL), "column"),
        (a_rule(NOT_NULL, column="order_id", mostly=90), "mostly"),
        (
            a_rule("expect_column_values_to_be_between", column="order_date", min_value="soon"),
            "min_value",
        ),
        (query_rule("select order_id from marts.fct_orders"), "must read {batch}"),
        (query_rule("select 1 from {batch} where regexp_matches(a, '{')"), "kwargs not accepted"),
    ],
)
def test_arguments_the_library_does_not_know_stop_the_gate(
    rule: dict[str, object], message: str, check: Check
) -> None:
    with pytest.raises(SuiteError, match="rule 'the_rule'") as caught:
        check(GOOD, rule)
    assert message in str(caught.value)


def test_only_the_suites_of_the_gate_are_run(
    database: Path, write_suite: Callable[..., Path]
) -> None:
    facts = load_suite(write_suite(GOOD))
    marts = load_suite(write_suite(GOOD, name="totals", table="marts.order_totals", gate="marts"))
    results = run_gate(database, [facts, marts], "marts", "run-1", CHECKED_AT)
    assert [result.table_name for result in results] == ["marts.order_totals"]
    with pytest.raises(ValueError, match="gate 'mart' is none of"):
        run_gate(database, [facts, marts], "mart", "run-1", CHECKED_AT)


def test_no_database_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        run_gate(tmp_path / "none.duckdb", [], "raw", "run-1", CHECKED_AT)


def test_the_file_is_free_after_a_gate(check: Check, database: Path) -> None:
    check(GOOD, query_rule("select nowhere from {batch}"))
    script = f"import duckdb; duckdb.connect({str(database)!r}).execute('create table t (i int)')"
    other = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert other.returncode == 0, other.stderr
    with duckdb.connect(str(database)) as connection:
        connection.execute("drop table t")


def test_the_gate_cannot_write(check: Check, database: Path) -> None:
    (result,) = check(query_rule("insert into {batch} values (1)"))
    assert not result.passed
    with duckdb.connect(str(database)) as connection:
        count = connection.execute("select count(*) from marts.fct_orders").fetchone()
    assert count == (100,)


def test_no_temporary_folders_are_left(check: Check) -> None:
    before = set(Path(tempfile.gettempdir()).iterdir())
    check(GOOD)
    assert set(Path(tempfile.gettempdir()).iterdir()) <= before


def test_reading_suites_does_not_import_the_library() -> None:
    script = (
        "import sys, dagster_project.quality.runner, dagster_project.quality.store,"
        " dagster_project.quality.data_docs;"
        " sys.exit('great_expectations' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script]).returncode == 0


def test_a_gate_reaches_for_no_network(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    reached: list[object] = []

    def refuse(*address: object) -> None:
        reached.append(address)
        raise OSError("no network here")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    (result,) = check(GOOD)
    assert (result.passed, reached) == (True, [])
    assert os.environ["GX_ANALYTICS_ENABLED"] == "false"


def test_the_projects_own_suites_are_understood() -> None:
    from dagster_project.quality.expectations import build_suite

    for suite in load_suites(Path(__file__).parents[3] / "expectations"):
        assert len(build_suite(suite)) == len(suite.rules)
