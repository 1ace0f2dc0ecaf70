"""One run at a time on the work database.

DuckDB locks its file only while a connection is open, and a run opens one per step: without a lock
over the whole run, two runs could mix their steps.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from typing import IO

import duckdb

from dagster_project.leftovers import remove_leftovers
from dagster_project.settings import Settings
from dagster_project.trouble import is_broken_database, what_to_do

# Dagster's pool of the steps that take this lock: the queue starts one such run at a time, so that
# the second one waits instead of failing here.
WORK_POOL = "work_database"

_held: dict[Path, IO[str]] = {}
_MOMENT_SECONDS = 0.2


class WorkDatabaseError(RuntimeError):
    """The warehouse cannot be worked on now; the message says why and what to do."""


class WorkDatabaseBusyError(WorkDatabaseError):
    """Another run is working on the same warehouse."""


class WorkDatabaseBrokenError(WorkDatabaseError):
    """The work database cannot be read any more."""


def hold_work_database(settings: Settings) -> None:
    """Hold the warehouse for this process until it ends; calling it again costs nothing.

    The operating system releases the lock when the process ends, however it ends, so a killed run
    never leaves the warehouse locked. What such a run left half-written is removed.

    Raises:
        WorkDatabaseBusyError: another process holds it.
        WorkDatabaseBrokenError: the work database is there and no database.
    """
    path = settings.work_dir / "run.lock"
    if path in _held:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = path.open("a+", encoding="utf-8")
    try:
        _lock(handle)
    except BlockingIOError as error:
        handle.seek(0)
        owner = handle.read().strip() or "unknown"
        handle.close()
        raise WorkDatabaseBusyError(
            f"another run (process {owner}) is working on {settings.warehouse_dir}; "
            "wait until it has ended and start again"
        ) from error
    handle.truncate(0)
    handle.write(str(os.getpid()))
    handle.flush()
    remove_leftovers(settings)
    _check_work_database(settings.work_db)
    _held[path] = handle


def _lock(handle: IO[str]) -> None:
    """Take the lock; whoever only asks whether it is free has it for a moment (see below)."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        time.sleep(_MOMENT_SECONDS)
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _check_work_database(path: Path) -> None:
    """Stop before anything is written when the file is broken; it takes a few milliseconds.

    A broken page inside is found only by whoever reads it.
    """
    if not path.exists():
        return
    try:
        duckdb.connect(str(path), read_only=True).close()
    except duckdb.Error as error:
        # One that somebody has open, or that may not be read, is not broken.
        if is_broken_database(str(error)):
            raise WorkDatabaseBrokenError(
                f"the work database {path} cannot be read: {error}\n"
                f"{what_to_do(str(error), str(path))}"
            ) from error


def is_held_elsewhere(settings: Settings) -> bool:
    """Whether another process works on the warehouse at this moment."""
    path = settings.work_dir / "run.lock"
    if path in _held:
        return False
    try:
        with path.open("r+", encoding="utf-8") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False
