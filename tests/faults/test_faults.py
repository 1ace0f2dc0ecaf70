"""The short form of the harness: kills while publishing, a broken published database.

In a process of its own, because it forks and must not have a connection to DuckDB open. The long
form is `make faults`; its outcomes stand in docs/reliability.md.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from dagster_project.settings import PROJECT_DIR
from tests.faults.__main__ import Results
from tests.faults.trials import Trial

KEPT_ENVIRONMENT = ("PATH", "HOME", "LANG")


@pytest.fixture(scope="module")
def trials(tmp_path_factory: pytest.TempPathFactory) -> list[Trial]:
    folder = tmp_path_factory.mktemp("faults")
    ended = subprocess.run(
        [sys.executable, "-m", "tests.faults", "--short", "--folder", folder],
        cwd=PROJECT_DIR,
        env={name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return Results(folder / "results.jsonl").trials


def test_killed_while_publishing_readers_see_one_night_and_the_next_run_makes_it_good(
    trials: list[Trial],
) -> None:
    kills = {trial.detail: trial for trial in trials if trial.fault == "SIGKILL"}
    assert all(trial.is_well for trial in kills.values())
    assert {name: trial.database for name, trial in kills.items()} == {
        "marts.duckdb.tmp half written": "old",
        "before marts.duckdb is renamed": "old",
        "after marts.duckdb is renamed": "new",
        "after thirty Parquet renames": "new",
        "after the labels are recorded": "new",
        "the dashboard half written": "new",
    }
    between = kills["after thirty Parquet renames"]
    assert between.parquet_old and between.parquet_new


def test_a_broken_published_database_is_replaced(trials: list[Trial]) -> None:
    broken = [trial for trial in trials if trial.fault == "published database broken"]
    assert len(broken) == 3
    assert all(trial.is_well for trial in broken)
