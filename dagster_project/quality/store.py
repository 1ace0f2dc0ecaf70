"""`audit.quality_log` in the work database: every result of every run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import duckdb

from dagster_project.quality.results import RuleResult

_CREATE = """
create schema if not exists audit;
create table if not exists audit.quality_log (
    run_id varchar not null,
    checked_at timestamp not null,
    gate varchar not null,
    table_name varchar not null,
    rule varchar not null,
    kind varchar not null,
    severity varchar not null,
    owner varchar not null,
    reason varchar not null,
    passed boolean not null,
    observed_value varchar,
    unexpected_count bigint,
    unexpected_share double,
    sample varchar not null
);
"""


def ensure_log(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `audit.quality_log` empty where it is missing, so that dbt can read it."""
    connection.execute(_CREATE)


def write_results(
    connection: duckdb.DuckDBPyConnection,
    results: Sequence[RuleResult],
    run_id: str,
    checked_at: datetime,
) -> None:
    """Append the results of a run; a gate that is checked again in one run replaces its rows.

    `sample` is a JSON list; a rule that could not be computed has its error in
    `observed_value`, after `error: `.

    Args:
        connection: opened for writing on the work database.
        results: of one gate or several.
        run_id: one per run of the job.
        checked_at: shop-local time without a zone.

    Raises:
        ValueError: `checked_at` carries a time zone, which DuckDB would turn into another time.
    """
    if checked_at.tzinfo is not None:
        raise ValueError("checked_at must be shop-local, without a time zone")
    ensure_log(connection)
    rows = [
        (
            run_id,
            checked_at,
            result.gate,
            result.table_name,
            result.rule,
            result.kind,
            result.severity,
            result.owner,
            result.reason,
            result.passed,
            f"error: {result.error}" if result.error else result.observed_value,
            result.unexpected_count,
            result.unexpected_share,
            result.sample,
        )
        for result in results
    ]
    connection.begin()
    try:
        for gate in sorted({result.gate for result in results}):
            connection.execute(
                "delete from audit.quality_log where run_id = ? and gate = ?", [run_id, gate]
            )
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            connection.executemany(f"insert into audit.quality_log values ({marks})", rows)
        connection.commit()
    except Exception:
        connection.rollback()
        raise
