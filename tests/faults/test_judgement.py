"""The harness itself: it tells a mixture, lost rows and a trial that did not happen."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from tests.faults.child import Asked, Child, call
from tests.faults.points import at_rename
from tests.faults.report import BEGIN, END, Run, page
from tests.faults.state import Published, judge, rows_doubled, rows_lost
from tests.faults.trials import Trial

OLD = Published({"a": (1, 10), "b": (2, 20), "c": (3, 30)}, {"a": (1, 10), "b": (2, 20)}, True)
NEW = Published({"a": (1, 11), "b": (2, 21), "c": (3, 30)}, {"a": (1, 11), "b": (2, 21)}, True)


def test_tables_of_two_nights_are_a_mixture() -> None:
    assert judge(OLD, OLD, NEW).database == "old"
    assert judge(NEW, OLD, NEW).database == "new"
    mixed = Published({**(NEW.database or {}), "b": (2, 20)}, {"a": (1, 11), "b": (2, 20)}, True)
    found = judge(mixed, OLD, NEW)
    assert (found.database, found.parquet_old, found.parquet_new) == ("mixture", 1, 1)
    missing = Published({"a": (1, 11), "b": (2, 21)}, {"a": (9, 99)}, True)
    assert judge(missing, OLD, NEW).database == "mixture"
    assert judge(missing, OLD, NEW).parquet_bad == 1
    assert judge(Published(None, {}, None), OLD, NEW).database == "none"


def test_rows_are_counted_table_by_table() -> None:
    assert rows_lost({"a": (1, 0), "b": (5, 0)}, {"a": (3, 0), "b": (2, 0), "c": (4, 0)}) == 6
    assert rows_doubled({"a": (1, 0), "b": (5, 0)}, {"a": (3, 0), "b": (2, 0)}) == 3


WELL = Trial("SIGKILL", "publish", "somewhere", True, "old", recovered=True, equal=True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"happened": False},
        {"database": "mixture"},
        {"parquet_bad": 1},
        {"reader": False},
        {"recovered": False},
        {"equal": False},
        {"lost": 1},
        {"doubled": 1},
        {"leftovers": ["serving/marts.duckdb.tmp"]},
        {"history": ["run x stands as STARTED"]},
    ],
)
def test_each_broken_promise_fails_a_trial(wrong: dict[str, object]) -> None:
    assert WELL.is_well
    assert not replace(WELL, **wrong).is_well


def test_the_table_counts_and_stands_between_the_markers() -> None:
    trials = [
        WELL,
        replace(WELL, database="new", parquet_new=4),
        replace(WELL, lost=2, equal=False),
    ]
    run = Run(date(2024, 5, 1), 12.3, 4.5, 2, ("clocks, no libfaketime",))
    text = page(f"before {BEGIN}\nold table\n{END} after", trials, run)
    assert text.startswith("before ") and text.endswith(" after") and "old table" not in text
    assert "Tried 3 faults, 3 of them kills. Rows lost: 2" in text
    assert "| SIGKILL | publish | 3 | 2 old, 1 new | 0 / 4 | by itself | 2 | 2 of 3 |" in text
    assert "Not tried: clocks, no libfaketime." in text
    with pytest.raises(ValueError):
        page("no markers", trials, run)


def test_children_die_where_they_are_told_and_answer_when_they_are_asked(tmp_path: Path) -> None:
    def renames() -> int:
        at_rename("folder/b", "after")
        (tmp_path / "folder").mkdir()
        (tmp_path / "a").touch()
        (tmp_path / "a").rename(tmp_path / "folder" / "a")
        (tmp_path / "folder" / "a").replace(tmp_path / "folder" / "b")
        return 0

    ended = Child(renames, tmp_path / "log").wait()
    assert ended.status == -signal.SIGKILL and ended.killed
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["b"]

    child = Child(lambda: time.sleep(60) or 0, tmp_path / "log")
    child.kill_at_cpu_seconds(0)
    assert child.wait().killed
    assert call(lambda: os.getpid()) != os.getpid()
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        call(lambda: 1 // 0)

    later = tmp_path / "later"
    asked = Asked(lambda wait: (later.exists(), wait(), later.exists()))
    later.touch()
    assert asked.answer() == (False, None, True)
