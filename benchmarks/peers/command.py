"""What every implementation is told: where the shop's files are and where its tables go."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
SEEDS = REPOSITORY / "dbt_project" / "seeds"


@dataclass(frozen=True)
class Task:
    """One run.

    Attributes:
        inputs: the shop's files, the oldest first.
        output: empty folder; `<table>.parquet` are written here, all else below `work`.
        memory: DuckDB's memory limit such as `4GB`; None means its own default.
        prepare: only do what a deployment does once (write the project, parse it), not the night.
        options: what the implementation itself was told.
    """

    inputs: tuple[Path, ...]
    output: Path
    memory: str | None = None
    prepare: bool = False
    options: frozenset[str] = frozenset()

    @property
    def work(self) -> Path:
        """Folder of databases and projects, beside the results."""
        return self.output / "work"


class Profile:
    """Where the CPU seconds of a process go, step by step: `profile.json` beside the results."""

    FILE = "profile.json"

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Count what is done inside, by all threads, as `name`."""
        before = time.process_time()
        yield
        self.add(name, time.process_time() - before)

    def add(self, name: str, seconds: float) -> None:
        """Count seconds that were measured elsewhere."""
        self._seconds[name] = round(self._seconds.get(name, 0) + seconds, 3)

    def write(self, output: Path) -> None:
        """Write the steps into a folder of results."""
        (output / self.FILE).write_text(json.dumps(self._seconds), encoding="utf-8")


def read_task(
    name: str, options: Sequence[str] = (), arguments: Sequence[str] | None = None
) -> Task:
    """Read the command line of `python -m benchmarks.peers.<name>` and make the folders.

    Args:
        name: of the module.
        options: switches that only this implementation has, without the dashes.
        arguments: default: the process's own.
    """
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.peers.{name}")
    parser.add_argument("--input", type=Path, nargs="+", required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--memory", help="DuckDB's memory limit, such as 4GB")
    parser.add_argument("--prepare", action="store_true", help="only what is done once")
    for option in options:
        parser.add_argument(f"--{option}", dest="options", action="append_const", const=option)
    read = parser.parse_args(arguments)
    task = Task(
        tuple(path.resolve() for path in read.input),
        read.output.resolve(),
        read.memory,
        read.prepare,
        frozenset(read.options or ()) if options else frozenset(),
    )
    task.work.mkdir(parents=True, exist_ok=True)
    return task
