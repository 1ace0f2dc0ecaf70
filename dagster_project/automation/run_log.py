"""Dagster's own log in SQLite, written without waiting for the disk at each event."""

from __future__ import annotations

import sqlite3
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine


def write_run_log_lazily() -> None:
    """Let the system decide when the run history reaches the disk.

    A run logs some 1,500 events and opens, commits and closes several times for each; waiting for
    the disk every time takes longer than the whole of dbt. A killed process loses nothing. Only a
    power cut can cost the history of runs, never a table: DuckDB and the published files wait for
    the disk as before.
    """
    event.listen(Engine, "connect", _without_waiting)


def _without_waiting(connection: Any, record: Any) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("pragma synchronous = off")
