"""Room for the history of runs: a night writes some 25 MB of events, and nobody reads last year's.

Only Dagster's own record goes. Raw files, tables, the results of the rules and what was published
stay.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import dagster as dg
from dagster._core.storage.dagster_run import FINISHED_STATUSES

# However old: the web UI shows the last runs of a shop that stood still for a year.
_ALWAYS_KEPT = 10


def prune_runs(instance: dg.DagsterInstance, keep_days: int, now: datetime) -> int:
    """Delete finished runs with their events and logs; returns how many.

    Args:
        instance: Dagster's storage.
        keep_days: runs that were made less than so many days ago stay.
        now: a moment with a zone.
    """
    filters = dg.RunsFilter(
        statuses=FINISHED_STATUSES, created_before=now - timedelta(days=keep_days)
    )
    recent = {run.run_id for run in instance.get_runs(limit=_ALWAYS_KEPT)}
    old = [run.run_id for run in instance.get_runs(filters) if run.run_id not in recent]
    for run_id in old:
        instance.compute_log_manager.delete_logs(prefix=[run_id])
        instance.delete_run(run_id)
    return len(old)
