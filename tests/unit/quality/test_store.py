"""The log of results in the work database."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC
from pathlib import Path

import duckdb
import pytest

from dagster_project.quality.results import RuleResult
from dagster_project.quality.store import ensure_log, write_results

from .conftest import CHECKED_AT, a_rule

Check = Callable[..., list[RuleResult]]
IN_SET = a_rule("expect_column_values_to_be_in_set", column="status", value_set=["paid"])


def test_results_are_written_as_they_are(check: Check, database: Path) -> None:
    results = check(IN_SET, a_rule("expect_column_to_exist", name="other", column="nowhere"))
    with duckdb.connect(str(database)) as connection:
        write_results(connection, results, "run-1", CHECKED_AT)
        rows = connection.execute(
            "select run_id, checked_at, gate, table_name, rule, kind, severity, owner, reason,"
            " passed, unexpected_count, unexpected_share, sample from audit.quality_log"
            " where rule = 'the_rule'"
        ).fetchall()
    assert len(rows) == 1
    assert rows[0][:-1] == (
        "run-1",
        CHECKED_AT,
        "facts",
        "marts.fct_orders",
        "the_rule",
        "validity",
        "critical",
        "data-team@shop",
        "Something breaks otherwise.",
        False,
        50,
        0.5,
    )
    assert json.loads(rows[0][-1])[0] == {"order_id": "o1"}


def test_runs_add_up_and_a_repeated_gate_does_not(check: Check, database: Path) -> None:
    results = check(IN_SET)
    with duckdb.connect(str(database)) as connection:
        for run_id in ("run-1", "run-2", "run-2"):
            write_results(connection, results, run_id, CHECKED_AT)
        count = connection.execute("select count(*) from audit.quality_log").fetchone()
    assert count == (2,)


def test_an_error_is_kept_in_the_log(check: Check, database: Path) -> None:
    results = check(IN_SET, table="marts.nowhere")
    with duckdb.connect(str(database)) as connection:
        write_results(connection, results, "run-1", CHECKED_AT)
        row = connection.execute("select passed, observed_value from audit.quality_log").fetchone()
    assert row == (
        False,
        "error: table marts.nowhere does not exist in the work database",
    )


def test_the_log_can_be_empty() -> None:
    with duckdb.connect() as connection:
        ensure_log(connection)
        ensure_log(connection)
        assert connection.execute("select count(*) from audit.quality_log").fetchone() == (0,)


def test_a_time_with_a_zone_is_refused() -> None:
    with duckdb.connect() as connection, pytest.raises(ValueError, match="shop-local"):
        write_results(connection, [], "run-1", CHECKED_AT.replace(tzinfo=UTC))
