"""How runs ended: which steps failed and why, and which runs were killed before saying so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import dagster as dg
from dagster import DagsterEvent
from dagster._utils.error import SerializableErrorInfo

from dagster_project.automation.names import NIGHTLY

# A run in the shell's own process. It holds the warehouse from before it exists until it ends.
FROM_A_SHELL = {"warehouse/started_from": "shell"}

_SHOWN_LINES = 6


def close_killed_runs(instance: dg.DagsterInstance) -> list[str]:
    """Mark runs from a shell as failed that stand as running; returns their ids.

    Dagster's daemon looks after the runs that it started. One whose shell was killed would stand as
    running for ever, and the queue, which lets one run go at a time, would wait for it.

    Args:
        instance: of the process that holds the warehouse: so no such run is still working.
    """
    unfinished = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]
    runs = instance.get_runs(
        dg.RunsFilter(job_name=NIGHTLY, statuses=unfinished, tags=FROM_A_SHELL)
    )
    for run in runs:
        instance.report_run_failed(run, "Its process was killed; the next night does its work.")
    return [run.run_id for run in runs]


def failed_steps(events: Iterable[DagsterEvent]) -> Iterator[tuple[str, str]]:
    """Name of each failed step, and the innermost cause of its failure in a few lines.

    Args:
        events: of one run.
    """
    for event in events:
        if event.is_step_failure and event.step_failure_data.error is not None:
            yield str(event.step_key), _cause(event.step_failure_data.error)


def _cause(error: SerializableErrorInfo) -> str:
    while error.cause is not None:
        error = error.cause
    lines = error.message.strip().splitlines()
    more = [f"… and {len(lines) - _SHOWN_LINES} more lines"] if len(lines) > _SHOWN_LINES else []
    return "\n".join([*lines[:_SHOWN_LINES], *more])
