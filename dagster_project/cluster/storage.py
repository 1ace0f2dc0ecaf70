"""Dagster's storage in PostgreSQL with connections that are kept.

A run logs some 2,700 events, and Dagster's own storage logs in anew for each: 12 ms an event on a
busy machine instead of 1.
"""

from __future__ import annotations

from typing import Any, Self

from dagster._core.storage.config import PostgresStorageConfig
from dagster._serdes import ConfigurableClassData
from dagster_postgres import (
    DagsterPostgresStorage,
    PostgresEventLogStorage,
    PostgresRunStorage,
    PostgresScheduleStorage,
)
from dagster_postgres.utils import pg_url_from_config
from sqlalchemy import Engine, create_engine

from dagster_project.automation.run_log import forget_checks

# SQLAlchemy 2.1 takes psycopg 3 where no driver is named, and Dagster's web server cannot use it.
_SCHEME, _WITH_DRIVER = "postgresql://", "postgresql+psycopg2://"
_KEPT_SECONDS = 3600


class _Kept:
    """One connection that stays open for as long as its Dagster instance."""

    _engine: Engine

    def __init__(self, postgres_url: str) -> None:
        """Make the tables if they are not there."""
        super().__init__(postgres_url)  # type: ignore[call-arg]
        self._engine = create_engine(
            postgres_url,
            isolation_level="AUTOCOMMIT",
            pool_size=1,
            max_overflow=-1,  # threads that ask at the same time get another one for the moment
            pool_recycle=_KEPT_SECONDS,
            pool_pre_ping=True,  # the server may have been started anew meanwhile
        )

    def dispose(self) -> None:
        """Close it: the code server makes an instance for each look of a sensor."""
        super().dispose()  # type: ignore[misc]
        self._engine.dispose()


class KeptEvents(_Kept, PostgresEventLogStorage):
    """Dagster's storage of events; a run's checks are forgotten with the run."""

    def delete_events(self, run_id: str) -> None:
        """Delete what is kept of a run, the results of its checks too."""
        super().delete_events(run_id)
        forget_checks(self, run_id)


class KeptRuns(_Kept, PostgresRunStorage):
    """Dagster's storage of runs."""


class KeptSchedules(_Kept, PostgresScheduleStorage):
    """Dagster's storage of schedules and sensors."""


class KeptConnections(DagsterPostgresStorage):
    """Dagster's storage in PostgreSQL, named in `dagster.yaml`."""

    def __init__(self, postgres_url: str, inst_data: ConfigurableClassData | None = None) -> None:
        """Same arguments as Dagster's class; the URL begins with `postgresql://`."""
        # Not its own: it would make the three storages that are replaced here.
        super(DagsterPostgresStorage, self).__init__()
        self.postgres_url = postgres_url.replace(_SCHEME, _WITH_DRIVER, 1)
        self.should_autocreate_tables = True
        self._inst_data = inst_data
        self._run_storage = KeptRuns(self.postgres_url)
        self._event_log_storage = KeptEvents(self.postgres_url)
        self._schedule_storage = KeptSchedules(self.postgres_url)

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: PostgresStorageConfig
    ) -> Self:
        """Called by Dagster with the settings of `dagster.yaml`."""
        settings: dict[str, Any] = dict(config_value)
        return cls(pg_url_from_config(settings), inst_data)
