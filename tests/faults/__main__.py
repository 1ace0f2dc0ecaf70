"""`python -m tests.faults`: disturb nights in every way we know, and write down what came of it.

Interrupted, it goes on where it was when it is started again with the same folder. Run it as root
to try everything: a small disk is mounted, and a night runs as another user.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from pathlib import Path

from tests.faults import other, report
from tests.faults.place import Place
from tests.faults.points import SHORT
from tests.faults.trials import Trial, chains, kills
from tests.postgres_server import NotInstalled

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"

# Enough for every mart to have rows; a night costs the same with more.
LINES = 300

Group = tuple[str, Callable[[], list[Trial]]]

OTHERS: dict[str, Callable[[Place], list[Trial]]] = {
    "files": other.unreadable,
    "serving": other.broken_serving,
    "disk": other.disk_full,
    "postgres": other.postgres,
    "two": other.two_at_once,
    "clocks": other.clocks,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the harness; 0 when every promise held."""
    options = _parser().parse_args(arguments)
    place = Place(options.folder, LINES)
    place.prepare()
    results = Results(options.folder / "results.jsonl")
    groups = _short(place) if options.short else _groups(place, options)
    for name, group in groups:
        if name in results.done:
            continue
        started = time.monotonic(), _cpu_seconds()
        try:
            trials, skipped = group(), None
        except (other.CannotTry, NotInstalled) as reason:
            trials, skipped = [], str(reason)
        seconds, cpu_seconds = time.monotonic() - started[0], _cpu_seconds() - started[1]
        results.add(name, trials, skipped, seconds, cpu_seconds)
        well = sum(trial.is_well for trial in trials)
        print(
            f"{name}: {skipped or f'{well} of {len(trials)} well'}, {seconds:.0f} s, "
            f"{cpu_seconds:.0f} on a processor",
            flush=True,
        )
        for trial in trials:
            if not trial.is_well:
                print(f"  {trial}"[:600], flush=True)
    if options.write:
        text = report.page(PAGE.read_text(encoding="utf-8"), results.trials, results.run())
        PAGE.write_text(text, encoding="utf-8")
    return 0 if all(trial.is_well for trial in results.trials) else 1


class Results:
    """A file with one line per group of faults."""

    def __init__(self, path: Path) -> None:
        """Read what is there already."""
        self._path = path
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        self._groups = [json.loads(line) for line in lines]

    @property
    def done(self) -> set[str]:
        """Names of groups that were run."""
        return {group["name"] for group in self._groups}

    @property
    def trials(self) -> list[Trial]:
        """All faults, kills first."""
        found = [Trial(**trial) for group in self._groups for trial in group["trials"]]
        return sorted(found, key=lambda trial: trial.fault != "SIGKILL")

    def add(
        self,
        name: str,
        trials: Sequence[Trial],
        skipped: str | None,
        seconds: float,
        cpu_seconds: float,
    ) -> None:
        """Write a group down."""
        group = {
            "name": name,
            "trials": [trial.as_dict() for trial in trials],
            "skipped": skipped,
            "seconds": round(seconds),
            "cpu_seconds": round(cpu_seconds),
        }
        self._groups.append(group)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(group, ensure_ascii=False) + "\n")

    def run(self) -> report.Run:
        """What the page says of the run."""
        return report.Run(
            date.today(),
            sum(group["seconds"] for group in self._groups) / 60,
            sum(group["cpu_seconds"] for group in self._groups) / 60,
            os.cpu_count() or 1,
            tuple(f"{g['name']}, {g['skipped']}" for g in self._groups if g["skipped"]),
        )


def _short(place: Place) -> list[Group]:
    """What CI has the time for: the places where a mixture could be published."""
    return [
        ("kills", partial(kills, place, SHORT, "publish", recover_at="publish")),
        ("serving", partial(other.broken_serving, place)),
    ]


def _groups(place: Place, options: argparse.Namespace) -> list[Group]:
    found: list[Group] = []
    only, seed = options.only, options.seed
    if not only or "kills" in only:
        found += [
            (f"kills {seed}.{index} from {at or 'the evening'}", partial(kills, place, chain, at))
            for index, (at, chain) in enumerate(chains(place, options.kills, seed))
        ]
    found += [
        (name, partial(group, place)) for name, group in OTHERS.items() if not only or name in only
    ]
    return found


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.faults",
        description=(__doc__ or "").split("\n\n")[0],
    )
    parser.add_argument(
        "--folder", type=Path, default=Path("build/faults"), help="for warehouses and results"
    )
    parser.add_argument("--kills", type=int, default=50, help="at least so many (default: 50)")
    parser.add_argument("--seed", type=int, default=1, help="of the random moments (default: 1)")
    parser.add_argument(
        "--only", nargs="*", default=[], choices=("kills", *OTHERS), help="only these faults"
    )
    parser.add_argument(
        "--short", action="store_true", help="only kills while publishing, as CI does"
    )
    parser.add_argument(
        "--write", action="store_true", help=f"write the table into docs/{PAGE.name}"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
