"""What can be seen of the last night: plain facts, before anybody judges them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Outcome(StrEnum):
    """How a night ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    # Its process was killed, or it never came to start its steps.
    BROKE_OFF = "broke_off"


@dataclass(frozen=True)
class FailedStep:
    """A step of a run that raised.

    Attributes:
        step: Dagster's key.
        error: the error's class. Never its text, which may hold a row of an export.
    """

    step: str
    error: str


@dataclass(frozen=True)
class Night:
    """The last run of the nightly job that has ended.

    Attributes:
        began_at: with a zone.
        outcome: how it ended.
        as_of: the day that was asked for, YYYY-MM-DD; None for the latest.
        run_id: Dagster's; None when it broke off before there was one.
        failed_steps: in the order in which they failed.
        error: class of what broke it off; None when it was killed or did not break off.
    """

    began_at: datetime
    outcome: Outcome
    as_of: str | None = None
    run_id: str | None = None
    failed_steps: tuple[FailedStep, ...] = ()
    error: str | None = None


@dataclass(frozen=True)
class BrokenRule:
    """A rule, a test of dbt or another check that does not hold.

    Attributes:
        severity: critical, warning or info.
        table: `schema.table`, or the asset that is checked.
        rule: its name.
        rows: how many rows break it; None when that has no meaning or is not known.
        keys: some of these rows, each as `column=value, column=value`.
        reason: why it matters, in English; empty when nobody wrote it.
    """

    severity: str
    table: str
    rule: str
    rows: int | None = None
    keys: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Refused:
    """A file that still waits to be mended.

    Attributes:
        path: below the landing folder.
        content: the first digits of its hash, so that the next bad version is news.
    """

    path: str
    content: str


@dataclass(frozen=True)
class Published:
    """What readers see.

    Attributes:
        as_of: day of the marts, YYYY-MM-DD; None without orders.
        built_at: when they were built, with a zone.
        freshness: `fresh`, `late` or `stale`, as `mart_status` has it.
        late_sources: sources that brought no new file for too long.
    """

    as_of: str | None
    built_at: datetime
    freshness: str
    late_sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Observed:
    """All of it.

    Attributes:
        now: the moment of the look, with a zone.
        night: None when none has ended yet.
        rules: that do not hold, the gravest first.
        refused: by path.
        published: None when nothing is.
        unreadable: databases that cannot be opened, by path below the warehouse.
        confirmed_at: when a night last built the published marts or found nothing new for them,
            with a zone.
    """

    now: datetime
    night: Night | None = None
    rules: tuple[BrokenRule, ...] = ()
    refused: tuple[Refused, ...] = ()
    published: Published | None = None
    unreadable: tuple[str, ...] = ()
    confirmed_at: datetime | None = None
