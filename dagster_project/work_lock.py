"""One run at a time on the work database.

DuckDB locks its file only while a connection is open, and a run opens one per step: without a lock
over the whole run, two runs could mix their steps.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO

from dagster_project.settings import Settings

_held: dict[Path, IO[str]] = {}


class WorkDatabaseBusyError(RuntimeError):
    """Another run is working on the same warehouse."""


def hold_work_database(settings: Settings) -> None:
    """Hold the warehouse for this process until it ends; calling it again costs nothing.

    The operating system releases the lock when the process ends, however it ends, so a killed run
    never leaves the warehouse locked.

    Raises:
        WorkDatabaseBusyError: another process holds it.
    """
    path = settings.work_dir / "run.lock"
    if path in _held:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = path.open("a+", encoding="utf-8")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
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
    _held[path] = handle
