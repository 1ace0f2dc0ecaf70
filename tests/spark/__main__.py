"""One made shop on DuckDB and on Spark: `python -m tests.spark --lines 1000000 --workers 2`.

Every published table is compared row by row; ends with 1 when one of them differs.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from rich.table import Table

from dagster_project.settings import Settings
from tests.pipeline.made_shop import LINES, write_exports
from tests.spark.machine import cluster
from tests.spark.nights import start_night
from tests.spark.parity import compare


def main() -> int:
    """Run both nights and print what is equal; returns 0 when every table is."""
    parser = argparse.ArgumentParser(prog="python -m tests.spark", description=__doc__)
    parser.add_argument(
        "--lines", type=int, default=LINES, help="order lines (default %(default)s)"
    )
    parser.add_argument(
        "--workers", type=int, default=0,
        help="workers of a cluster on this machine; 0 runs Spark in one process (default)",
    )  # fmt: skip
    parser.add_argument("--memory", default="2g", help="of the driver and of each worker")
    parser.add_argument("--keep", type=Path, help="leave both warehouses in this folder")
    asked = parser.parse_args()
    console = Console()
    with ExitStack() as stack:
        home = asked.keep or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="parity-"))
        )
        home.mkdir(parents=True, exist_ok=True)
        engines = {"duckdb": {}, "spark": {"DBT_TARGET": "spark_local"}}
        engines["spark"]["SPARK_DRIVER_MEMORY"] = asked.memory
        if asked.workers:
            made = stack.enter_context(cluster(home, asked.workers, asked.memory))
            engines["spark"] |= {"DBT_TARGET": "spark", "SPARK_MASTER": made.url}
        served, seconds = [], []
        for engine, environ in engines.items():
            settings = Settings.from_env({"WAREHOUSE_DIR": str(home / engine)})
            settings.create_folders()
            write_exports(settings.landing_dir, asked.lines)
            console.print(f"a night of {asked.lines:,} lines on {engine} …")
            log = home / f"{engine}.log"
            began = time.monotonic()
            if start_night(settings.warehouse_dir, log, **environ).wait():
                console.print(log.read_text(encoding="utf-8")[-4000:], markup=False)
                return 1
            seconds.append(time.monotonic() - began)
            served.append(settings.serving_db)
        compared = compare(served[0], served[1])
    table = Table("table", "rows", "differs in")
    for one in compared:
        rows = (
            f"{one.rows[0]:,}"
            if one.rows[0] == one.rows[1]
            else f"{one.rows[0]:,} / {one.rows[1]:,}"
        )
        table.add_row(one.table, rows, ", ".join(one.differs) or "–")
    console.print(table)
    equal = sum(one.is_equal for one in compared)
    console.print(
        f"{equal} of {len(compared)} tables are equal; the night took {seconds[0]:.0f} s on DuckDB "
        f"and {seconds[1]:.0f} s on Spark ({seconds[1] / seconds[0]:.1f} times)"
    )
    return 0 if equal == len(compared) else 1


if __name__ == "__main__":
    sys.exit(main())
