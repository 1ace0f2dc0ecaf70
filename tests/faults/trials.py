"""Faults done to a night, what readers found after each, and what the next night made of it."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from tests.faults.child import Ended
from tests.faults.place import BEGINNINGS, Place
from tests.faults.points import FACTS, MARTS, PUBLISH, WHOLE_NIGHT, Point
from tests.faults.state import last_step, rows_doubled, rows_lost, seconds_until

ITSELF = "by itself"

# What a step of the job is called in the table.
_STAGES = {
    "landing__files": "landing",
    "gate_raw": "gate raw",
    "dbt_facts": "dbt facts",
    "gate_facts": "gate facts",
    "dbt_marts": "dbt marts",
    "gate_marts": "gate marts",
    "serving__marts": "publish",
}
_PREFIXES = {"ingest_": "ingest", "model_": "models"}

# Of the random moments, by where the run begins; they go from there to the end of the night.
_SHARES = {"facts": 0.2, "marts": 0.3, "publish": 0.5}


@dataclass(frozen=True)
class Trial:
    """One fault and what came of it.

    Attributes:
        fault: what was done.
        where: in which stage of the night.
        detail: the exact place or amount.
        happened: the fault took place; otherwise the trial proves nothing.
        database: of which night the published database was afterwards: `old`, `new`, `mixture`,
            `broken` when that was the fault.
        parquet_old: Parquet files of the night before, of those that differ.
        parquet_new: Parquet files of the new night.
        parquet_bad: Parquet files of neither.
        reader: somebody who had the database open went on reading what he had opened.
        said: what the disturbed run told the person, empty for a killed one.
        next_run: `by itself`, or what a person had to do before it.
        recovered: the next run ended well and a further one found nothing new.
        lost: rows that an undisturbed run has and this one has not, over all tables.
        doubled: rows that this one has and an undisturbed one has not.
        equal: every published table and Parquet file is as an undisturbed run left it.
        leftovers: files that an undisturbed run does not leave, or that are missing.
        history: what is wrong with Dagster's history.
        cpu_seconds: of the disturbed run.
    """

    fault: str
    where: str
    detail: str
    happened: bool
    database: str
    parquet_old: int = 0
    parquet_new: int = 0
    parquet_bad: int = 0
    reader: bool = True
    said: str = ""
    next_run: str = ITSELF
    recovered: bool = False
    lost: int = 0
    doubled: int = 0
    equal: bool = False
    leftovers: list[str] = field(default_factory=list)
    history: list[str] = field(default_factory=list)
    cpu_seconds: float = 0.0

    @property
    def is_well(self) -> bool:
        """Everything that docs/reliability.md promises held."""
        return (
            self.happened
            and self.database != "mixture"
            and self.parquet_bad == 0
            and self.reader
            and self.recovered
            and self.equal
            and not (self.lost or self.doubled or self.leftovers or self.history)
        )

    def as_dict(self) -> dict[str, Any]:
        """For a line of JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Moment:
    """A random moment: when the night has used so much of the processors."""

    cpu_seconds: float


def struck(
    place: Place,
    fault: str,
    where: str,
    detail: str,
    strike: Callable[[], tuple[bool, Ended]],
    said: Callable[[str], str] = lambda output: "",
) -> Trial:
    """Do a fault to a night while a reader has the published database open.

    Args:
        place: the warehouse as it stands.
        fault: for the table.
        where: for the table.
        detail: for the table.
        strike: does it; returns whether it happened and how the night ended.
        said: what of the night's output is for the person.
    """
    before, reader = place.look().database, place.reader()
    happened, ended = strike()
    reads_on = reader.read() == before
    found = place.judge()
    return Trial(
        fault,
        where,
        detail,
        happened,
        found.database,
        found.parquet_old,
        found.parquet_new,
        found.parquet_bad,
        reads_on,
        said(ended.output),
        cpu_seconds=round(ended.cpu_seconds, 1),
    )


def recovered(
    place: Place,
    trials: Sequence[Trial],
    next_run: str = ITSELF,
    *,
    at: str | None = None,
    arm: Callable[[], None] | None = None,
) -> list[Trial]:
    """The night after one or several faults, compared with an undisturbed one.

    Args:
        place: the warehouse as the last fault left it.
        trials: the faults, in their order.
        next_run: what a person did before it, in words.
        at: the step that it begins with, see `Place.start`.
        arm: called in its process before it begins.
    """
    ended = place.night(arm, at=at)
    found, expected = place.look(), place.new.published
    well = ended.status == 0
    # A run of chosen steps is none that the next night could compare itself with.
    if at is None:
        again = place.night()
        well = well and again.status == 0 and "nothing new since" in " ".join(again.output.split())
    assert expected.database is not None
    database = found.database or {}
    return [
        replace(
            trial,
            next_run=next_run,
            recovered=well,
            lost=rows_lost(database, expected.database),
            doubled=rows_doubled(database, expected.database),
            equal=(database, found.parquet, found.dashboard)
            == (expected.database, expected.parquet, expected.dashboard),
            leftovers=sorted(place.files() ^ place.new.files),
            # Only a night from the shell closes the runs of shells that were killed.
            history=place.history_problems() if at is None else [],
        )
        for trial in trials
    ]


def kills(
    place: Place,
    chain: Sequence[Point | Moment],
    at: str | None,
    *,
    recover_at: str | None = None,
) -> list[Trial]:
    """Kill one run after the other, each on what the last one left; then a whole night.

    Args:
        place: the warehouse.
        chain: where each run dies. Each goes past the place where the one before it died when they
            are in the order of the night.
        at: the step that these runs begin with, see `Place.start`.
        recover_at: the step that the last run begins with; None is the whole night.
    """
    if at is None:
        place.evening()
    else:
        place.begin_at(at)
    trials = []
    for end in chain:
        if isinstance(end, Point):
            trials.append(_killed_at(place, end, at))
        else:
            trials.append(_killed_in(place, end, at))
    return recovered(place, trials, at=recover_at)


def _killed_at(place: Place, point: Point, at: str | None) -> Trial:
    def strike() -> tuple[bool, Ended]:
        ended = place.night(point.arm, at=at)
        return ended.killed, ended

    return struck(place, "SIGKILL", point.stage, point.name, strike)


def _killed_in(place: Place, moment: Moment, at: str | None) -> Trial:
    def strike() -> tuple[bool, Ended]:
        child = place.start(at=at)
        child.kill_at_cpu_seconds(moment.cpu_seconds)
        ended = child.wait()
        return ended.killed, ended

    trial = struck(
        place, "SIGKILL", "", f"random moment, {moment.cpu_seconds:.1f} CPU seconds", strike
    )
    return replace(trial, where=stage_of(last_step(place.settings.dagster_home)))


def stage_of(step: str | None) -> str:
    """The row of the table that a step belongs to."""
    if step is None:
        return "landing"
    for prefix, stage in _PREFIXES.items():
        if step.startswith(prefix):
            return stage
    return _STAGES[step]


def chains(place: Place, number: int, seed: int) -> list[tuple[str | None, list[Point | Moment]]]:
    """At least `number` kills: every point once, and random moments for the rest.

    Each chain begins at one place of the night. Its points are in the order of the night, so that
    each run gets further than the one before it; after them come the random moments.
    """
    found: list[tuple[str | None, list[Point | Moment]]] = [
        ("publish", [*PUBLISH]),
        ("facts", [*FACTS]),
        ("marts", [*MARTS]),
        (None, [*WHOLE_NIGHT]),
    ]
    moments = max(0, number - sum(len(chain) for _, chain in found))
    chosen = random.Random(seed)
    for at, chain in found:
        if at is None:
            continue
        begun, ended = seconds_until(place.snapshot_home("day") / "dagster", BEGINNINGS[at])
        # The processors' seconds are spread over a night as its wall time is.
        cost = place.new.cpu_seconds * (ended - begun) / ended
        count = round(moments * _SHARES[at])
        chain += [
            Moment(seconds)
            for seconds in sorted(chosen.uniform(0.05, 0.9) * cost for _ in range(count))
        ]
    return found
