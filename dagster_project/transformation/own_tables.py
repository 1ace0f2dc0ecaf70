"""Tables that the pipeline writes itself and dbt reads, there before anything was written."""

from __future__ import annotations

import duckdb

from dagster_project.modelling.models import all_tables
from dagster_project.modelling.versions import ensure_tables
from dagster_project.quality.store import ensure_log
from dagster_project.serving.figure_record import ensure_figures
from dagster_project.serving.state_record import ensure_record
from dagster_project.transformation.builds import ensure_builds


def ensure_own_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Create whatever is missing: the logs and records of schema `audit`, schema `modelling`.

    Args:
        connection: opened for writing on the work database.
    """
    ensure_log(connection)
    ensure_record(connection)
    ensure_figures(connection)
    ensure_builds(connection)
    ensure_tables(connection, all_tables())
