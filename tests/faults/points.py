"""Where a night is killed: each point arms the process that it is called in, and no other.

Nothing of this stands in the project: the harness' child wraps functions before it starts the
night, and the wrapped function sends SIGKILL to its own process.
"""

from __future__ import annotations

import importlib
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import partial
from itertools import count
from typing import Any, Literal

When = Literal["before", "after"]


@dataclass(frozen=True)
class Point:
    """A place in the night.

    Attributes:
        stage: row of the table of outcomes.
        name: what is about to happen or has just happened.
        arm: makes this process die there.
    """

    stage: str
    name: str
    arm: Callable[[], None]


def die() -> None:
    """End this process as the kernel's out-of-memory killer would: at once."""
    os.kill(os.getpid(), signal.SIGKILL)


def at_event(kind: str, step: str, nth: int = 1, when: When = "after") -> None:
    """Die when Dagster notes the nth event of a kind in a step."""
    from dagster_project.automation.run_log import RunLog

    store, seen = RunLog.store_event, count(1)

    def store_event(self: RunLog, event: Any) -> None:
        told = event.dagster_event
        hit = (
            told is not None
            and told.event_type_value == kind
            and told.step_key == step
            and next(seen) == nth
        )
        if hit and when == "before":
            die()
        store(self, event)
        if hit:
            die()

    RunLog.store_event = store_event  # type: ignore[method-assign]


def at_call(module: str, name: str, when: When = "before", nth: int = 1) -> None:
    """Die before or after the nth call of a function."""
    owner = importlib.import_module(module)
    function, seen = getattr(owner, name), count(1)

    def wrapped(*arguments: Any, **named: Any) -> Any:
        hit = next(seen) == nth
        if hit and when == "before":
            die()
        returned = function(*arguments, **named)
        if hit:
            die()
        return returned

    setattr(owner, name, wrapped)


def at_rename(pattern: str, when: When, nth: int = 1) -> None:
    """Die before or after the nth rename to a path below the warehouse."""
    seen = count(1)

    def armed(rename: Callable[..., None]) -> Callable[..., None]:
        def wrapped(source: Any, target: Any, **named: Any) -> None:
            hit = fnmatch(os.fsdecode(target), f"*/{pattern}") and next(seen) == nth
            if hit and when == "before":
                die()
            rename(source, target, **named)
            if hit:
                die()

        return wrapped

    os.replace, os.rename = armed(os.replace), armed(os.rename)


def _step(stage: str, step: str, *within: Point) -> tuple[Point, ...]:
    """Both ends of a step, and places within it."""
    begins = Point(stage, f"{step} begins", partial(at_event, "STEP_START", step))
    ended = Point(stage, f"{step} has ended", partial(at_event, "STEP_SUCCESS", step))
    return (begins, *within, ended)


def _built(stage: str, step: str, tables: int) -> Point:
    arm = partial(at_event, "ASSET_MATERIALIZATION", step, tables)
    return Point(stage, f"{step}: {tables} tables built", arm)


_RENAMED_DATABASE = "serving/marts.duckdb"
_RENAMED_PARQUET = "serving/parquet/*.parquet"
_ASSETS, _PUBLISH = "dagster_project.serving.assets", "dagster_project.serving.publish"

# What a whole night is killed at: its cheap beginning, and its very end.
WHOLE_NIGHT = (
    *_step("landing", "landing__files",
        Point("landing", "the note last_run.json half written",
              partial(at_rename, "work/last_run.json", "before"))),
    *_step("ingest", "ingest_mapped",
        Point("ingest", "before a raw copy is renamed",
              partial(at_rename, "raw/??/*.csv", "before")),
        Point("ingest", "after a raw copy is renamed",
              partial(at_rename, "raw/??/*.csv", "after")),
        Point("ingest", "rows inserted, before the commit",
              partial(at_call, "dagster_project.ingestion.ledger", "insert", "after"))),
    *_step("gate raw", "gate_raw",
        Point("gate raw", "before its results are written",
              partial(at_call, "dagster_project.quality.store", "write_results"))),
    Point("publish", "before the note that it was published",
          partial(at_rename, "work/last_run.json", "before", 2)),
    Point("publish", "after the note that it was published",
          partial(at_rename, "work/last_run.json", "after", 2)),
)  # fmt: skip

FACTS = (
    *_step("dbt facts", "dbt_facts",
        _built("dbt facts", "dbt_facts", 30),
        _built("dbt facts", "dbt_facts", 90)),
    Point("gate facts", "gate_facts has ended", partial(at_event, "STEP_SUCCESS", "gate_facts")),
    Point("models", "between two models",
          partial(at_call, "dagster_project.modelling.versions", "count_inputs", "after", 2)),
    Point("models", "model_review_keywords has ended",
          partial(at_event, "STEP_SUCCESS", "model_review_keywords")),
)  # fmt: skip

MARTS = (
    *_step("dbt marts", "dbt_marts",
        _built("dbt marts", "dbt_marts", 30),
        _built("dbt marts", "dbt_marts", 90)),
    Point("gate marts", "its results half written",
          partial(at_rename, "work/quality/marts.json", "before")),
    Point("gate marts", "the old quality pages moved away",
          partial(at_rename, "reports/quality.old", "after")),
    Point("gate marts", "gate_marts has ended", partial(at_event, "STEP_SUCCESS", "gate_marts")),
)  # fmt: skip

# The publish step, in its order.
PUBLISH = (
    Point("publish", "serving__marts begins", partial(at_event, "STEP_START", "serving__marts")),
    Point("publish", "marts.duckdb.tmp half written", partial(at_call, _PUBLISH, "_copy_comments")),
    Point("publish", "before marts.duckdb is renamed",
          partial(at_rename, _RENAMED_DATABASE, "before")),
    Point("publish", "after marts.duckdb is renamed",
          partial(at_rename, _RENAMED_DATABASE, "after")),
    Point("publish", "half of the Parquet files written",
          partial(at_call, _PUBLISH, "_descriptions", "before", 30)),
    Point("publish", "before the first Parquet rename",
          partial(at_rename, _RENAMED_PARQUET, "before")),
    Point("publish", "between the first two Parquet renames",
          partial(at_rename, _RENAMED_PARQUET, "after")),
    Point("publish", "after thirty Parquet renames",
          partial(at_rename, _RENAMED_PARQUET, "after", 30)),
    Point("publish", "before the labels are recorded", partial(at_call, _ASSETS, "record_states")),
    Point("publish", "after the labels are recorded",
          partial(at_call, _ASSETS, "record_states", "after")),
    Point("publish", "before the build is noted as published",
          partial(at_call, _ASSETS, "complete_build")),
    Point("publish", "after the build is noted as published",
          partial(at_call, _ASSETS, "complete_build", "after")),
    Point("publish", "the dashboard half written",
          partial(at_rename, "reports/index.html", "before")),
    Point("publish", "the dashboard renamed", partial(at_rename, "reports/index.html", "after")),
    Point("publish", "serving__marts has ended",
          partial(at_event, "STEP_SUCCESS", "serving__marts")),
)  # fmt: skip

# Of these, the ones between which readers could see a mixture.
SHORT = tuple(
    point
    for point in PUBLISH
    if point.name
    in (
        "marts.duckdb.tmp half written",
        "before marts.duckdb is renamed",
        "after marts.duckdb is renamed",
        "after thirty Parquet renames",
        "after the labels are recorded",
        "the dashboard half written",
    )
)
