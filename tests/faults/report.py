"""The table of faults and outcomes in docs/reliability.md."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from tests.faults.trials import Trial

BEGIN, END = "<!-- faults: begin -->", "<!-- faults: end -->"

_STAGES = (
    *("landing", "ingest", "gate raw", "dbt facts", "gate facts", "models", "dbt marts"),
    *("gate marts", "publish"),
)

_HEAD = (
    "| Fault | Where | Tried | Published after it | Parquet files, old / new | Next run | "
    "Rows lost or doubled | As undisturbed |",
    "|---|---|---|---|---|---|---|---|",
)


@dataclass(frozen=True)
class Run:
    """What a run of the harness is known by.

    Attributes:
        day: when it was run.
        minutes: of wall time, all its parts together.
        cpu_minutes: of the processors, nights that recovered included.
        processors: of the machine.
        skipped: faults that this machine could not do, with the reason.
    """

    day: date
    minutes: float
    cpu_minutes: float
    processors: int
    skipped: tuple[str, ...] = ()


def page(text: str, trials: Sequence[Trial], run: Run) -> str:
    """`text` with what stands between the markers replaced by the table.

    Raises:
        ValueError: the markers are missing.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no {BEGIN} … {END}")
    return f"{before}{BEGIN}\n{_block(trials, run)}\n{END}{after}"


def _block(trials: Sequence[Trial], run: Run) -> str:
    kills = [trial for trial in trials if trial.fault == "SIGKILL"]
    lost = sum(trial.lost for trial in trials)
    doubled = sum(trial.doubled for trial in trials)
    mixed = sum(trial.database == "mixture" or trial.parquet_bad > 0 for trial in trials)
    well = sum(trial.is_well for trial in trials)
    lines = [
        f"Tried {len(trials)} faults, {len(kills)} of them kills. Rows lost: {lost}, doubled: "
        f"{doubled}. Mixtures published: {mixed}. Ended as an undisturbed night: {well} of "
        f"{len(trials)}.",
        "",
        f"Run on {run.day} on a machine with {run.processors} processors, which others used too: "
        f"{run.minutes:.0f} minutes, {run.cpu_minutes:.0f} of them on a processor.",
        *(f"\nNot tried: {reason}." for reason in run.skipped),
        "",
        *_HEAD,
        *(_row(group) for group in _groups(trials)),
    ]
    return "\n".join(lines)


def _groups(trials: Iterable[Trial]) -> list[list[Trial]]:
    found: dict[tuple[str, str, str], list[Trial]] = {}
    for trial in trials:
        found.setdefault((trial.fault, trial.where, trial.next_run), []).append(trial)
    return sorted(found.values(), key=lambda group: (group[0].fault != "SIGKILL", _order(group[0])))


def _order(trial: Trial) -> int:
    """Kills in the order of the night; everything else as it was tried."""
    return _STAGES.index(trial.where) if trial.where in _STAGES and trial.fault == "SIGKILL" else 0


def _row(group: Sequence[Trial]) -> str:
    first, tried = group[0], len(group)
    states = ("old", "new", "none", "broken", "mixture")
    counts = [(sum(trial.database == state for trial in group), state) for state in states]
    published = ", ".join(f"{count} {state}" for count, state in counts if count)
    old, new = sum(t.parquet_old for t in group), sum(t.parquet_new for t in group)
    went = sum(trial.recovered for trial in group)
    next_run = first.next_run if went == tried else f"{first.next_run} ({went} of {tried})"
    rows = sum(trial.lost + trial.doubled for trial in group)
    equal = sum(trial.equal for trial in group)
    cells = (
        *(first.fault, first.where, tried, published, f"{old} / {new}", next_run, rows),
        f"{equal} of {tried}",
    )
    return f"| {' | '.join(map(str, cells))} |"
