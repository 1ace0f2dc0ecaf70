"""What every implementation is told: where the shop's files are and where its tables go."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
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
