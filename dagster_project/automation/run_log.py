"""Dagster's own log in SQLite, with one connection a database instead of one an event.

A run logs some 2,700 events, and Dagster's own storage makes several engines and connections for
each: every one compiles its statements anew, and its first commit waits for the disk.
"""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import StaticPool

_WAIT_FOR_LOCK_SECONDS = 60
# The run that is on, and the index of all runs; the web UI looks at several runs.
_KEPT_OPEN = 4


class RunLog(SqliteEventLogStorage):
    """Dagster's storage of events, in the same files and named in `dagster.yaml`."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        """Same arguments as Dagster's class."""
        self._engines: OrderedDict[str, Engine] = OrderedDict()
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Any
    ) -> RunLog:
        """Called by Dagster with the settings of `dagster.yaml`."""
        return cls(inst_data=inst_data, **config_value)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        # Each user of a connection has the lock, so one connection serves all threads.
        with self._db_lock, self._engine(shard).connect() as connection, connection.begin():
            yield connection

    def delete_events(self, run_id: str) -> None:
        """Delete what is kept of a run, its file and the results of its checks too.

        Dagster's own method leaves both, the file as large as it was.
        """
        super().delete_events(run_id)
        forget_checks(self, run_id)
        with self._db_lock:
            if run_id in self._engines:
                self._engines.pop(run_id).dispose()
            self._initialized_dbs.discard(run_id)
            Path(self.path_for_shard(run_id)).unlink(missing_ok=True)

    def _engine(self, shard: str) -> Engine:
        if shard not in self._engines:
            engine = create_engine(
                self.conn_string_for_shard(shard),
                poolclass=StaticPool,
                connect_args={"timeout": _WAIT_FOR_LOCK_SECONDS, "check_same_thread": False},
            )
            event.listen(engine, "connect", _without_waiting)
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            self._engines[shard] = engine
        self._engines.move_to_end(shard)
        while len(self._engines) > _KEPT_OPEN:
            self._engines.popitem(last=False)[1].dispose()
        return self._engines[shard]

    def dispose(self) -> None:
        """Close every connection."""
        super().dispose()
        while self._engines:
            self._engines.popitem()[1].dispose()


def forget_checks(storage: SqlEventLogStorage, run_id: str) -> None:
    """Delete the results of a run's checks, which Dagster keeps for ever."""
    checks = AssetCheckExecutionsTable
    with storage.index_connection() as connection:
        connection.execute(checks.delete().where(checks.c.run_id == run_id))


def _without_waiting(connection: sqlite3.Connection, record: Any) -> None:
    """Let the system decide when the history of runs reaches the disk.

    A killed process loses nothing. Only a power cut can cost the history of runs, never a table:
    DuckDB and the published files wait for the disk as before.
    """
    connection.execute("pragma synchronous = off")
