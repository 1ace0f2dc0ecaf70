"""What a gate costs against the same rules as one SQL query.

`python -m benchmarks.quality --help`. A table `marts.fct_orders` is made, always the same, with one
order in a hundred without a customer and one in fifty flagged as an outlier. Its own suite,
`expectations/fct_orders.yml`, is run by the gate's code (Great Expectations, pushed down into
DuckDB) and written out as one SQL query, alternately, each time in a process of its own. Both must
find the same numbers of failing rows. The ratio leaves out the imports, which are shown beside it:
a night pays them once, however large the table.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console
from rich.table import Table

from benchmarks.measure import measure
from dagster_project.quality.catalogue import QUERY_TYPE
from dagster_project.quality.runner import run_gate
from dagster_project.quality.suites import EXPECTATIONS_DIR, Rule, Suite, load_suite
from dagster_project.settings import PROJECT_DIR

SUITE = EXPECTATIONS_DIR / "fct_orders.yml"
DEFAULT_ROWS, SMALL_ROWS, DEFAULT_ROUNDS = 10_000_000, 10_000, 5
OUTPUT = PROJECT_DIR / "reports" / "bench" / "quality.json"
# Of what the suite reads, and as wide texts as an order has.
_ORDERS = """
create schema marts;
create table marts.fct_orders as
select
    'O' || (i * 7919) % {rows} || '-' || i as order_id,
    case when i % 100 <> 0 then md5(cast(i // 9 as varchar)) end as customer_id,
    case i % 20 when 0 then 'refunded' when 1 then 'cancelled' else 'completed' end as status,
    cast(10 + i % 490 as decimal(18, 2)) as paid_amount,
    cast(case i % 20 when 0 then 10 else 0 end as decimal(18, 2)) as refunded_amount,
    cast(10 + i % 490 - case i % 20 when 0 then 10 else 0 end as decimal(18, 2)) as net_amount,
    i % 50 = 0 as is_outlier,
    date '2022-01-01' + cast(i % 1095 as integer) as order_date
from range({rows}) as orders (i)
"""

Counts = dict[str, int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the table, run both ways in turns, print a table and write JSON.

    Returns:
        1 when the two ways do not agree on the failing rows.
    """
    options = _parser().parse_args(arguments)
    if options.way:
        json.dump(_once(options.way, options.database), sys.stdout)
        return 0
    rows = SMALL_ROWS if options.small else options.rows
    with tempfile.TemporaryDirectory(prefix="bench-", dir=options.folder) as name:
        folder = Path(name)
        database = folder / "warehouse.duckdb"
        with duckdb.connect(str(database)) as connection:
            connection.execute(_ORDERS.format(rows=rows))
        runs: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}
        for _ in range(options.rounds):
            for way, done in runs.items():
                done.append(_measured(way, database, folder / way))
    report = _report(rows, runs)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(report, indent=2) + "\n")
    _print(report, options.output)
    return 0 if report["same_failing_rows"] else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__)
    parser.add_argument("--rows", type=int, default=DEFAULT_ROWS)
    parser.add_argument("--rounds", type=int, default=DEFAULT_ROUNDS)
    parser.add_argument("--small", action="store_true", help="a tiny table, to see that it runs")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="the JSON file")
    parser.add_argument("--folder", type=Path, help="where the table is made; default: temporary")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--database", type=Path, help=argparse.SUPPRESS)
    return parser


def _measured(way: str, database: Path, folder: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.quality", "--way", way, "--database", database]
    cost = measure(command, folder, cwd=PROJECT_DIR, environment=os.environ)
    said = json.loads((folder / "output.log").read_text().splitlines()[-1])
    return {**said, "peak_megabytes": round(cost.peak_megabytes)}


def _once(way: str, database: Path) -> dict[str, Any]:
    suite = load_suite(SUITE)
    before_imports = _cpu()
    if way == "great_expectations":
        import dagster_project.quality.validation  # noqa: F401
    imported = _cpu()
    started = time.perf_counter()
    counts = WAYS[way](suite, database)
    return {
        "import_cpu_seconds": round(imported - before_imports, 2),
        "cpu_seconds": round(_cpu() - imported, 6),
        "wall_seconds": round(time.perf_counter() - started, 6),
        "failing_rows": counts,
    }


def _with_great_expectations(suite: Suite, database: Path) -> Counts:
    results = run_gate(database, [suite], suite.gate, "bench", datetime(2026, 1, 1))
    return {result.rule: int(result.unexpected_count or 0) for result in results}


def _with_one_query(suite: Suite, database: Path) -> Counts:
    with duckdb.connect(str(database), read_only=True) as connection:
        row = connection.execute(one_query(suite)).fetchone()
    assert row is not None
    return dict(zip((rule.name for rule in suite.rules), row, strict=True))


WAYS: dict[str, Callable[[Suite, Path], Counts]] = {
    "one_query": _with_one_query,
    "great_expectations": _with_great_expectations,
}


def one_query(suite: Suite) -> str:
    """All rules of a suite as one SELECT of the numbers of failing rows, in the suite's order."""
    columns = ", ".join(f"{_failing(suite, rule)} as {rule.name}" for rule in suite.rules)
    return f"select {columns} from {suite.table}"


def _failing(suite: Suite, rule: Rule) -> str:
    given = rule.kwargs
    if rule.type == QUERY_TYPE:
        query = given["unexpected_rows_query"].format(batch=suite.table)
        return f"(select count(*) from ({query}))"
    column = given["column"]
    if rule.type == "expect_column_values_to_not_be_null":
        return f"count_if({column} is null)"
    if rule.type == "expect_column_values_to_be_in_set":
        values = ", ".join(repr(value) for value in given["value_set"])
        return f"count_if({column} not in ({values}))"
    if rule.type == "expect_column_values_to_be_between":
        return f"count_if({column} < {given['min_value']})"
    raise NotImplementedError(f"{rule.name}: {rule.type} is not written out here yet")


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _report(rows: int, runs: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    found = [run["failing_rows"] for done in runs.values() for run in done]
    pairs = list(zip(runs["great_expectations"], runs["one_query"], strict=True))
    return {
        "rows": rows,
        "rules": len(found[0]),
        "duckdb": duckdb.__version__,
        "cores": os.cpu_count(),
        "same_failing_rows": all(one == found[0] for one in found),
        "failing_rows": found[0],
        **{
            f"{kind}_ratio": _spread(
                [gx[f"{kind}_seconds"] / sql[f"{kind}_seconds"] for gx, sql in pairs]
            )
            for kind in ("cpu", "wall")
        },
        "runs": {
            way: [{k: v for k, v in run.items() if k != "failing_rows"} for run in done]
            for way, done in runs.items()
        },
    }


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {
        "median": round(statistics.median(values), 2),
        "lowest": round(min(values), 2),
        "highest": round(max(values), 2),
    }


def _print(report: dict[str, Any], output: Path) -> None:
    table = Table("way", "CPU s", "s", "peak MB", "CPU s of imports")
    for way, runs in report["runs"].items():
        names = ("cpu_seconds", "wall_seconds", "peak_megabytes", "import_cpu_seconds")
        table.add_row(way, *(f"{statistics.median(run[n] for run in runs):,.2f}" for n in names))
    console = Console() if sys.stdout.isatty() else Console(width=100)
    console.print(table)
    cpu, wall = report["cpu_ratio"], report["wall_ratio"]
    console.print(
        f"{report['rows']:,} rows, {report['rules']} rules: Great Expectations ÷ one query "
        f"{cpu['median']} in CPU ({cpu['lowest']}–{cpu['highest']}), "
        f"{wall['median']} in time ({wall['lowest']}–{wall['highest']})"
    )
    if not report["same_failing_rows"]:
        console.print("[red]the two ways do not agree on the failing rows[/red]")
    console.print(f"written to {output}")


if __name__ == "__main__":
    sys.exit(main())
