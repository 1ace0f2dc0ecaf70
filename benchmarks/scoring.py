"""What predictions and groups cost a night, against the RFM mart of the same customers.

`python -m benchmarks.scoring --help`. A shop is made (always the same): orders of three years, four
for each customer, most of them of few. Both models are fitted as on the first of a month, dbt
builds the marts once, and then the SQL that dbt made of each model runs again and again in this
process, where the seconds of all cores can be counted without starting dbt. The ratio is of
everything that only predictions (or groups) need, to everything that only RFM needs.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console
from rich.table import Table

from dagster_project.modelling.models import MODELS
from dagster_project.modelling.run import fit_missing
from dagster_project.settings import PROJECT_DIR, Settings
from dagster_project.transformation.own_tables import ensure_own_tables
from dagster_project.transformation.project import DBT_PROJECT_DIR

DEFAULT_CUSTOMERS, SMALL_CUSTOMERS = 1_000_000, 5_000
ORDERS_PER_CUSTOMER = 4
OUTPUT = PROJECT_DIR / "build" / "benchmarks" / "scoring.json"

# What only the one needs. Purchases, customers' sums and tastes are read by many marts.
GROUPS = {
    "rfm": ("int_as_of_snapshots", "int_as_of_cut_points", "int_as_of_labels", "customer_rfm"),
    "predictions": (
        *("int_model_versions", "int_prediction_parameters", "int_prediction_nodes"),
        *("int_prediction_buckets", "int_prediction_expectations", "customer_predictions"),
    ),
    "clusters": (
        *("int_cluster_scales", "int_cluster_centres", "int_cluster_names"),
        *("int_customer_normalised_features", "customer_clusters"),
    ),
}

# `u(i, k)` is a number from 0 to 1 that depends on the row and on k alone.
_FACTS = """
create macro u(i, k) as (hash(i * 1000 + k) % 1000003) / 1000003.0;
create schema marts;
create schema intermediate;
create table marts.fct_orders as
select 'O' || i as order_id,
    'C' || case when i < $customers then i
        else cast(floor($customers * pow(u(i, 1), 3)) as bigint) end as customer_id,
    timestamp '2022-01-01' + to_seconds(cast(floor(u(i, 3) * 94608000) as bigint)) as ordered_at,
    cast(null as timestamp) as paid_at, cast(ordered_at as date) as order_date,
    cast(20 + 400 * pow(u(i, 4), 3) as decimal(18, 2)) as net_amount, 1 as item_count,
    true as is_purchase
from range($orders) as made(i);
create table marts.fct_order_items as
select order_id, 'P' || cast(floor(5000 * pow(u(rowid, 5), 2)) as bigint) as product_id, net_amount
from marts.fct_orders;
create table marts.dim_products as
select 'P' || i as product_id, 'K' || i % 50 as category, 'S' || i % 200 as subcategory,
    'B' || i % 90 as brand, 'low' as price_band
from range(5000) as made(i);
create table marts.dim_customers as
select customer_id, min(ordered_at) as first_order_at, min(ordered_at) as first_purchase_at,
    cast(null as timestamp) as registered_at
from marts.fct_orders group by customer_id;
create table intermediate.int_data_range as
select min(order_date) as first_order_date, max(order_date) as last_order_date
from marts.fct_orders;
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the shop, fit, build, measure; print a table and write JSON."""
    options = _parser().parse_args(arguments)
    customers = SMALL_CUSTOMERS if options.small else options.customers
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=options.folder) as folder:
        settings = Settings.from_env({"WAREHOUSE_DIR": folder, "PSEUDONYM_KEY": "b" * 32})
        settings.create_folders()
        console.print(f"making {ORDERS_PER_CUSTOMER * customers:,} orders …")
        fits = _make_and_fit(settings, customers, console)
        console.print("dbt builds the marts …")
        compiled = _build(settings)
        console.print(f"{options.rounds} rounds of each model's SQL …")
        models = _measure(settings, compiled, options.rounds)
    report = {
        "customers": customers,
        "orders": ORDERS_PER_CUSTOMER * customers,
        "rounds": options.rounds,
        "cores": os.cpu_count(),
        "load_after": round(os.getloadavg()[0], 1),
        "fits": fits,
        "models": models,
        "groups": {group: _sum(models, names) for group, names in GROUPS.items()},
    }
    rfm = report["groups"]["rfm"]
    report["ratios"] = {
        group: {measure: round(costs[measure] / rfm[measure], 2) for measure in costs}
        for group, costs in report["groups"].items()
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(report, indent=2) + "\n")
    _print(report, options.output)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scoring", description=__doc__)
    parser.add_argument("--customers", type=int, default=DEFAULT_CUSTOMERS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--small", action="store_true", help="a tiny shop, to see that it runs")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="the JSON file")
    parser.add_argument("--folder", type=Path, help="where the shop is made; default: temporary")
    return parser


def _make_and_fit(
    settings: Settings, customers: int, console: Console
) -> dict[str, dict[str, float]]:
    with duckdb.connect(str(settings.work_db), config=settings.duckdb_config) as connection:
        sql = _FACTS.replace("$customers", str(customers))
        connection.execute(sql.replace("$orders", str(ORDERS_PER_CUSTOMER * customers)))
        ensure_own_tables(connection)
        fits = {}
        for model in MODELS:
            if model.name in GROUPS:
                console.print(f"fitting {model.name} …")
                fits[model.name] = _timed(lambda m=model: fit_missing(connection, m, "latest"))
    return fits


def _build(settings: Settings) -> dict[str, str]:
    """Let dbt build the marts; returns the SQL of each model."""
    settings.export()
    target = settings.dbt_target_dir / "bench"
    environment = {
        **os.environ,
        "DBT_PROFILES_DIR": str(DBT_PROJECT_DIR),
        "DBT_TARGET_PATH": str(target),
    }
    dbt = [Path(sys.executable).with_name("dbt"), "--quiet"]
    chosen = ["--select", "+customer_rfm", "+customer_predictions", "+customer_clusters"]
    # The facts are made here, and where everything is built no scope is asked.
    chosen += ["--exclude", "tag:facts", "path:models/intermediate/scopes"]
    for command in (["seed"], ["run", "--full-refresh", *chosen]):
        subprocess.run([*dbt, *command], cwd=DBT_PROJECT_DIR, env=environment, check=True)
    names = {name for group in GROUPS.values() for name in group}
    return {
        path.stem: path.read_text(encoding="utf-8")
        for path in (target / "compiled").rglob("*.sql")
        if path.stem in names
    }


def _measure(
    settings: Settings, compiled: dict[str, str], rounds: int
) -> dict[str, dict[str, float]]:
    costs: dict[str, list[dict[str, float]]] = {name: [] for name in compiled}
    with duckdb.connect(str(settings.work_db), config=settings.duckdb_config) as connection:
        connection.execute("set preserve_insertion_order = false")
        connection.execute("create schema measured")
        for _ in range(rounds):
            for name, sql in compiled.items():
                statement = f"create or replace table measured.{name} as {sql}"
                costs[name].append(_timed(lambda s=statement: connection.execute(s)))
    return {
        name: {
            measure: round(statistics.median(cost[measure] for cost in found), 3)
            for measure in ("cpu_seconds", "wall_seconds")
        }
        for name, found in costs.items()
    }


def _timed(run: Callable[[], object]) -> dict[str, float]:
    cpu, wall = time.process_time(), time.perf_counter()
    run()
    return {
        "cpu_seconds": round(time.process_time() - cpu, 3),
        "wall_seconds": round(time.perf_counter() - wall, 3),
    }


def _sum(models: dict[str, dict[str, float]], names: Sequence[str]) -> dict[str, float]:
    return {
        measure: round(sum(models[name][measure] for name in names), 3)
        for measure in ("cpu_seconds", "wall_seconds")
    }


def _print(report: dict[str, Any], output: Path) -> None:
    table = Table("", "CPU s", "seconds", "CPU ÷ RFM", title=f"{report['customers']:,} customers")
    for group, costs in report["groups"].items():
        ratio = report["ratios"][group]["cpu_seconds"]
        figures = (f"{costs['cpu_seconds']:.2f}", f"{costs['wall_seconds']:.2f}", f"{ratio:.2f}")
        table.add_row(group, *figures)
    for name, costs in report["fits"].items():
        figures = (f"{costs['cpu_seconds']:.2f}", f"{costs['wall_seconds']:.2f}")
        table.add_row(f"fit of {name}, once a month", *figures, "")
    console = Console() if sys.stdout.isatty() else Console(width=100)
    console.print(table)
    console.print(f"written to {output}")


if __name__ == "__main__":
    sys.exit(main())
