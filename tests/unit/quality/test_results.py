"""Failing rows in words, as the summary, the status and an alert name them."""

from __future__ import annotations

import json

from dagster_project.quality.results import named_rows

ROWS = [{"order_id": f"J{number}", "copies": 2} for number in range(1, 6)]


def test_every_column_of_a_row_is_named() -> None:
    assert named_rows(json.dumps(ROWS[:2])) == "order_id=J1, copies=2; order_id=J2, copies=2"


def test_more_rows_than_asked_for_are_hinted_at() -> None:
    assert named_rows(json.dumps(ROWS), limit=1) == "order_id=J1, copies=2; …"
    assert named_rows(json.dumps(ROWS), limit=5).endswith("order_id=J5, copies=2")


def test_a_rule_on_a_total_names_no_row() -> None:
    assert named_rows("[]") == ""


def test_a_long_key_is_cut() -> None:
    assert named_rows(json.dumps([{"order_id": "J" * 1_000}])) == f"order_id={'J' * 60}"
