"""What readers find after a fault, and whether that is one night's tables or a mixture of two."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from dagster_project.settings import Settings
from tests.pipeline.hashes import RUN_LOG_TABLES, TableHash, table_hash, table_hashes

Hashes = dict[str, TableHash]

# Their names differ from run to run: Dagster's history, what dbt compiled, pages named after a run.
_NOT_COMPARED = ("dagster/", "work/dbt/", "reports/quality/validations/")


@dataclass(frozen=True)
class Published:
    """What is published.

    Attributes:
        database: of serving/marts.duckdb; None where there is none.
        parquet: of each Parquet file.
        dashboard: whether reports/index.html is there and whole; None where there is none.
    """

    database: Hashes | None
    parquet: Hashes
    dashboard: bool | None


@dataclass(frozen=True)
class Judgement:
    """What a fault left, compared with the night before and the night undisturbed.

    Attributes:
        database: `old`, `new`, `none` or `mixture`.
        parquet_old: files that are of the night before and differ from the new ones.
        parquet_new: files that are of the new night and differ from the old ones.
        parquet_bad: files that are of neither.
    """

    database: str
    parquet_old: int
    parquet_new: int
    parquet_bad: int

    @property
    def is_whole(self) -> bool:
        """The database is of one night, and so is each file."""
        return self.database != "mixture" and self.parquet_bad == 0


def read_published(settings: Settings) -> Published:
    """Read everything that is published, as a reader who comes now."""
    page = settings.dashboard_path
    return Published(
        read_database(settings) if settings.serving_db.exists() else None,
        _read_parquet(settings),
        page.read_text(encoding="utf-8").rstrip().endswith("</html>") if page.exists() else None,
    )


def read_database(settings: Settings) -> Hashes:
    """Hashes of serving/marts.duckdb, opened as BI tools open it."""
    with duckdb.connect() as connection:
        open_as_reader(connection, settings)
        return table_hashes(connection)


def open_as_reader(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Attach what is published now, read-only."""
    connection.execute(f"attach '{settings.serving_db}' as shop (read_only)")
    connection.execute("use shop.marts")


def _read_parquet(settings: Settings) -> Hashes:
    with duckdb.connect() as connection:
        return {
            file.stem: table_hash(connection, file.stem, f"read_parquet('{file}')")
            for file in sorted(settings.parquet_dir.glob("*.parquet"))
            if file.stem not in RUN_LOG_TABLES
        }


def judge(found: Published, old: Published, new: Published) -> Judgement:
    """Which night's tables stand there.

    Args:
        found: after the fault.
        old: before the disturbed night.
        new: after the same night, undisturbed.
    """
    if found.database is None:
        database = "none"
    elif found.database == new.database:
        database = "new"
    elif found.database == old.database:
        database = "old"
    else:
        database = "mixture"
    of_old = of_new = bad = 0
    for name, content in found.parquet.items():
        before, after = old.parquet.get(name), new.parquet.get(name)
        if content not in (before, after):
            bad += 1
        elif before != after:
            of_old += content == before
            of_new += content == after
    return Judgement(database, of_old, of_new, bad)


def rows_lost(found: Mapping[str, TableHash], expected: Mapping[str, TableHash]) -> int:
    """Rows that an undisturbed run has and `found` has not, over all tables."""
    return sum(max(0, rows - found.get(name, (0, None))[0]) for name, (rows, _) in expected.items())


def rows_doubled(found: Mapping[str, TableHash], expected: Mapping[str, TableHash]) -> int:
    """Rows that `found` has more than an undisturbed run, over all tables."""
    return rows_lost(expected, found)


def files_below(home: Path) -> frozenset[str]:
    """Every file of a warehouse by its path, but those whose names differ from run to run."""
    found = (path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file())
    return frozenset(name for name in found if not name.startswith(_NOT_COMPARED))


def history_problems(dagster_home: Path) -> list[str]:
    """What is wrong with Dagster's history: broken databases, runs that seem to go on for ever."""
    problems = []
    for path in sorted((dagster_home / "history").rglob("*.db")):
        with sqlite3.connect(path) as connection:
            (answer,) = connection.execute("pragma integrity_check").fetchone()
        if answer != "ok":
            problems.append(f"{path.name}: {answer}")
    with sqlite3.connect(dagster_home / "history" / "runs.db") as connection:
        for run_id, status in connection.execute(
            "select run_id, status from runs where status in ('STARTING', 'STARTED')"
        ):
            problems.append(f"run {run_id} stands as {status}")
    return problems


def last_step(dagster_home: Path) -> str | None:
    """The step that the newest run began last; None before its first."""
    runs = (dagster_home / "history" / "runs").glob("*-*.db")
    newest = max(runs, key=lambda path: path.stat().st_mtime, default=None)
    if newest is None:
        return None
    with sqlite3.connect(newest) as connection:
        found = connection.execute(
            "select step_key from event_logs where dagster_event_type = 'STEP_START' "
            "order by id desc limit 1"
        ).fetchone()
    return found[0] if found else None


def seconds_until(dagster_home: Path, step: str) -> tuple[float, float]:
    """When a step of the newest run had ended, and when the run had, in seconds since it began."""
    runs = (dagster_home / "history" / "runs").glob("*-*.db")
    newest = max(runs, key=lambda path: path.stat().st_mtime)
    with sqlite3.connect(newest) as connection:
        begun, ended, all_ended = connection.execute(
            "select min(julianday(timestamp)), "
            "max(julianday(timestamp)) filter (where dagster_event_type = 'STEP_SUCCESS' "
            "and step_key = ?), max(julianday(timestamp)) from event_logs",
            [step],
        ).fetchone()
    return (ended - begun) * 86_400, (all_ended - begun) * 86_400
