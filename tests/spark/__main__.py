"""One made shop on DuckDB and on Spark: `python -m tests.spark --lines 1000000 --workers 0 2`.

Two nights each: of three years of orders, and of the day after. After each, every published table
is compared row by row with DuckDB's; ends with 1 when one of them differs.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.spark_cluster import cluster
from dagster_project.settings import Settings
from tests.pipeline.made_shop import LINES, write_exports, write_next_day
from tests.spark.nights import start_night
from tests.spark.parity import Compared, compare

NIGHTS = {"three years": write_exports, "the day after": write_next_day}


@dataclass(frozen=True)
class Engine:
    """What a night can run on.

    Attributes:
        name: for people, and of its folder.
        environ: settings that choose it.
        seconds: its nights took, start to end of the process.
    """

    name: str
    environ: dict[str, str]
    seconds: list[float] = field(default_factory=list)


def main() -> int:
    """Run the nights on all engines and print what is equal; 0 when every table is."""
    asked = _arguments()
    console = Console()
    different = 0
    with ExitStack() as stack:
        home = asked.keep or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="parity-"))
        )
        home.mkdir(parents=True, exist_ok=True)
        engines = [Engine("duckdb", {})]
        for workers in asked.workers:
            environ = {"DBT_TARGET": "spark_local", "SPARK_DRIVER_MEMORY": asked.memory}
            if workers:
                made = stack.enter_context(cluster(home, workers, asked.memory))
                environ |= {"DBT_TARGET": "spark", "SPARK_MASTER": made.url}
            engines.append(Engine(f"spark-{workers or 'local'}", environ))
        for night, write in NIGHTS.items():
            served = []
            for engine in engines:
                settings = Settings.from_env({"WAREHOUSE_DIR": str(home / engine.name)})
                settings.create_folders()
                write(settings.landing_dir, asked.lines)
                console.print(f"{night}, {asked.lines:,} lines, on {engine.name} …")
                log = home / f"{engine.name}.log"
                began = time.monotonic()
                if start_night(settings.warehouse_dir, log, **engine.environ).wait():
                    console.print(log.read_text(encoding="utf-8")[-4000:], markup=False)
                    return 1
                engine.seconds.append(time.monotonic() - began)
                served.append(settings.serving_db)
            for engine, its in zip(engines[1:], served[1:], strict=True):
                different += _show(console, f"{night} on {engine.name}", compare(served[0], its))
            console.print(_times(engines))
    return 1 if different else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.spark", description=__doc__)
    parser.add_argument(
        "--lines", type=int, default=LINES, help="order lines (default %(default)s)"
    )
    parser.add_argument(
        "--workers", type=int, nargs="+", default=[0],
        help="workers of a cluster on this machine, one number for each that is tried; 0 runs "
        "Spark in one process (default)",
    )  # fmt: skip
    parser.add_argument("--memory", default="2g", help="of the driver and of each worker")
    parser.add_argument("--keep", type=Path, help="leave the warehouses in this folder")
    return parser.parse_args()


def _show(console: Console, title: str, compared: list[Compared]) -> int:
    """Print what is equal; returns how many tables are not."""
    table = Table("table", "rows", "differs in", title=title)
    for one in compared:
        first, second = one.rows
        rows = f"{first:,}" if first == second else f"{first:,} / {second:,}"
        table.add_row(one.table, rows, ", ".join(one.differs) or "–")
    console.print(table)
    different = sum(not one.is_equal for one in compared)
    console.print(f"{title}: {len(compared) - different} of {len(compared)} tables are equal")
    return different


def _times(engines: list[Engine]) -> str:
    """How long the last night took, as ratios to the first engine's."""
    first = engines[0].seconds[-1]
    return ", ".join(
        f"{one.name} {one.seconds[-1]:.0f} s ({one.seconds[-1] / first:.2f} ×)" for one in engines
    )


if __name__ == "__main__":
    sys.exit(main())
