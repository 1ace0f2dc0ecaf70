"""One unreadable row of a tiny file is a finding; an unreadable export stops the run."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from dagster_project.ingestion.formats import load_formats
from dagster_project.quality.runner import run_gate
from dagster_project.quality.suites import EXPECTATIONS_DIR, Suite, load_suites


def _suites() -> list[Suite]:
    return [
        suite
        for suite in load_suites(EXPECTATIONS_DIR)
        if any(rule.name == "rows_are_readable" for rule in suite.rules)
    ]


def test_every_format_that_can_be_unreadable_has_the_rule() -> None:
    can_be_unreadable = {
        f"raw.{format_.name}"
        for format_ in load_formats()
        if any(column.must_parse for column in format_.columns)
    }
    assert {suite.table for suite in _suites()} == can_be_unreadable


@pytest.mark.parametrize(
    ("unreadable", "rows", "holds"),
    [(0, 0, True), (1, 3, True), (3, 3, False), (9, 100, True), (10, 100, False), (10, 200, True)],
)
def test_a_file_is_unreadable_from_ten_rows_and_five_per_cent_on(
    unreadable: int, rows: int, holds: bool, tmp_path: Path
) -> None:
    database = tmp_path / "work.duckdb"
    suites = _suites()
    with duckdb.connect(str(database)) as connection:
        connection.execute("create schema raw")
        for suite in suites:
            connection.execute(
                f"create table {suite.table} as select 1 as _file_id, n as _row_number, "
                f"n < {unreadable} as _unreadable from range({rows}) as made(n)"
            )

    results = run_gate(database, suites, "raw", "run", datetime(2024, 1, 1))

    found = [result for result in results if result.rule == "rows_are_readable"]
    assert [(result.passed, result.error) for result in found] == [(holds, None)] * len(suites)
    assert len(suites) > 5
