"""How long the marts of a night take, against the facts they stand on.

`python -m benchmarks.customer_marts --help`. A shop is made (always the same bytes): order lines of
three years, as many customers and lines as asked for. The loader lands it, dbt builds the facts
(`tag:facts`) and then every mart of the day and all month-ends of the history (`tag:marts`), both
without tests. The ratio is marts ÷ facts, each from the beginning of the
first model to the end of the last: starting dbt costs the same for ten rows.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console
from rich.table import Table

from dagster_project.ingestion.loader import load_files
from dagster_project.settings import PROJECT_DIR, Settings
from dagster_project.transformation.own_tables import ensure_own_tables
from dagster_project.transformation.project import DBT_PROJECT_DIR

DEFAULT_CUSTOMERS, DEFAULT_LINES = 1_000_000, 10_000_000
SMALL_CUSTOMERS, SMALL_LINES = 500, 5_000
OUTPUT = PROJECT_DIR / "build" / "benchmarks" / "customer_marts.json"

# An order has two or three lines; each customer has one order, the others fall to few customers as
# in a real shop. Popular products are bought far more often than others. `u(i, k)` is a number from
# 0 to 1 that depends on the row and on k alone.
_LINES = """
create macro u(i, k) as (hash(i * 1000 + k) % 1000003) / 1000003.0;
copy (
    with lines as (select range as i, range * 2 // 5 as o from range($lines)),
    ordered as (
        select i, o,
            case when o < $customers then o
                else cast(floor($customers * pow(u(o, 1), 3)) as bigint) end as c,
            cast(floor(5000 * pow(u(i, 2), 2)) as bigint) as p,
            timestamp '2022-01-01' + to_seconds(cast(floor(u(o, 3) * 94608000) as bigint)) as moment
        from lines
    )
    select
        'own' as source, 'bench' as shop,
        'O' || o as order_id, i as line_id, 'P' || p as product_id, '商品' || p as product_title,
        'K' || p % 50 as category, 1 as quantity,
        cast(10 + (p * 7919) % 490 as decimal(12, 2)) as unit_price,
        cast(10 + (p * 7919) % 490 as decimal(12, 2)) as gross_amount,
        case when u(i, 4) < 0.2 then 5.00 else 0.00 end as discount_amount,
        0.00 as freight_amount, 0.00 as refunded_amount,
        'C' || c as customer_id, strftime(moment, '%Y-%m-%d %H:%M:%S') as ordered_at,
        'completed' as status, 'CNY' as currency
    from ordered
) to '{path}' (header)
"""


@dataclass(frozen=True)
class Built:
    """What dbt built.

    Attributes:
        seconds: from the beginning of the first model to the end of the last.
        models: seconds of each model; two run at a time.
    """

    seconds: float
    models: dict[str, float]


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the shop, land it, build facts and marts, print a table and write JSON."""
    options = _parser().parse_args(arguments)
    if options.small:
        options.customers, options.lines = SMALL_CUSTOMERS, SMALL_LINES
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=options.folder) as folder:
        settings = Settings.from_env({"WAREHOUSE_DIR": folder, "PSEUDONYM_KEY": "b" * 32})
        settings.create_folders()
        console.print(f"making {options.lines:,} lines of {options.customers:,} customers …")
        _make(settings.landing_dir / "order_lines.csv", options.customers, options.lines)
        console.print("landing them …")
        started = time.perf_counter()
        load_files(settings)
        landed = time.perf_counter() - started
        with duckdb.connect(str(settings.work_db)) as connection:
            ensure_own_tables(connection)
        console.print("dbt builds the facts …")
        _dbt(settings, "seed")
        facts = _dbt(settings, "run", "--select", "tag:facts")
        console.print("dbt builds the marts …")
        marts = _dbt(settings, "run", "--select", "tag:marts")
        report = {
            "customers": options.customers,
            "lines": options.lines,
            "cores": os.cpu_count(),
            "duckdb": duckdb.__version__,
            "month_ends": _count(settings, "intermediate.int_snapshot_dates"),
            "states": _count(settings, "intermediate.int_customer_states"),
            "landing_seconds": round(landed, 1),
            "facts_seconds": round(facts.seconds, 1),
            "marts_seconds": round(marts.seconds, 1),
            "ratio": round(marts.seconds / facts.seconds, 2),
            "database_megabytes": round(settings.work_db.stat().st_size / 1e6),
            "peak_megabytes": round(
                resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e6
            ),
            "facts": facts.models,
            "marts": marts.models,
        }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(report, indent=2) + "\n")
    _print(report, options.output)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.customer_marts", description=__doc__
    )
    parser.add_argument("--customers", type=int, default=DEFAULT_CUSTOMERS)
    parser.add_argument("--lines", type=int, default=DEFAULT_LINES, help="order lines")
    parser.add_argument("--small", action="store_true", help="a tiny shop, to see that it runs")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="the JSON file")
    parser.add_argument("--folder", type=Path, help="where the shop is made; default: temporary")
    return parser


def _make(path: Path, customers: int, lines: int) -> None:
    unfinished = path.with_name(f".{path.name}.tmp")
    with duckdb.connect() as connection:
        sql = _LINES.replace("{path}", str(unfinished))
        sql = sql.replace("$lines", str(lines)).replace("$customers", str(customers))
        connection.execute(sql)
    unfinished.replace(path)


def _dbt(settings: Settings, *command: str) -> Built:
    """Run dbt; returns the seconds of the whole and of each model, the slowest first."""
    settings.export()
    target = settings.dbt_target_dir / "bench"
    subprocess.run(
        [Path(sys.executable).with_name("dbt"), "--quiet", *command],
        cwd=DBT_PROJECT_DIR,
        env={
            **os.environ,
            "DBT_PROFILES_DIR": str(DBT_PROJECT_DIR),
            "DBT_TARGET_PATH": str(target),
        },
        check=True,
    )
    results = json.loads((target / "run_results.json").read_text())["results"]
    seconds = {
        result["unique_id"].split(".")[-1]: round(result["execution_time"], 2) for result in results
    }
    times = [
        datetime.fromisoformat(timing[edge])
        for result in results
        for timing in result["timing"]
        for edge in ("started_at", "completed_at")
    ]
    return Built(
        (max(times) - min(times)).total_seconds(),
        dict(sorted(seconds.items(), key=lambda item: -item[1])),
    )


def _count(settings: Settings, table: str) -> int:
    with duckdb.connect(str(settings.work_db), read_only=True) as connection:
        row = connection.execute(f"select count(*) from {table}").fetchone()
    return int(row[0]) if row else 0


def _print(report: dict[str, Any], output: Path) -> None:
    table = Table("slowest of the marts", "seconds", title="marts ÷ facts")
    for name, seconds in list(report["marts"].items())[:12]:
        table.add_row(name, f"{seconds:,.1f}")
    console = Console() if sys.stdout.isatty() else Console(width=100)
    console.print(table)
    console.print(
        f"{report['customers']:,} customers, {report['lines']:,} lines, "
        f"{report['month_ends']} dates: facts {report['facts_seconds']:,} s, "
        f"marts {report['marts_seconds']:,} s, ratio {report['ratio']}, "
        f"peak {report['peak_megabytes']:,} MB"
    )
    console.print(f"written to {output}")


if __name__ == "__main__":
    sys.exit(main())
