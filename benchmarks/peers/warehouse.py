"""The warehouse itself: its loader, its dbt models in the same process, its publishing.

Without the gates and without dbt's tests, which the peers do not have. `run_night` may be called
again after another file has landed.
"""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

from benchmarks.peers.command import Profile, Task, read_task
from benchmarks.shop import MAPPING, MAPPING_NAME
from dagster_project.ingestion.loader import load_files
from dagster_project.serving.publish import publish_tables
from dagster_project.settings import Settings
from dagster_project.transformation.builds import (
    complete_build,
    decides_about_tables,
    plan_build,
)
from dagster_project.transformation.own_tables import ensure_own_tables
from dagster_project.transformation.project import (
    DBT_PROJECT_DIR,
    load_project,
    published_tables,
    read_manifest,
)
from dagster_project.transformation.vars import LATEST

# The tags of the warehouse need every mart there is, so the core has none.
CORE = (
    *("row_dispositions", "fct_orders", "fct_order_items", "dim_products", "dim_customers"),
    *("customer_rfm", "customer_lifecycle", "customer_value_quadrant"),
)
EVERYTHING = ("tag:facts", "tag:marts")


def settings_for(folder: Path, memory: str | None = None) -> Settings:
    """The settings of a warehouse in `folder`, exported for dbt."""
    if memory:
        os.environ["DUCKDB_MEMORY_LIMIT"] = memory
    settings = Settings.from_env(
        {**os.environ, "WAREHOUSE_DIR": str(folder), "PSEUDONYM_KEY": "b" * 32}
    )
    settings.create_folders()
    settings.export()
    return settings


def land(settings: Settings, file: Path) -> None:
    """Put a file of the shop into the landing folder, with its mapping."""
    folder = settings.landing_dir / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / file.name).exists():
        os.link(file, folder / file.name)
    (folder / MAPPING_NAME).write_text(MAPPING, encoding="utf-8")


def selection(select: tuple[str, ...]) -> list[str]:
    """dbt's arguments for tables with all that they stand on, or for tags."""
    return [name if ":" in name else f"+{name}" for name in select]


def load(settings: Settings) -> None:
    """Load what landed, and make the logs that models read.

    Raises:
        RuntimeError: a file was refused.
    """
    report = load_files(settings)
    if report.refused:
        raise RuntimeError(f"the warehouse refused {report.refused}")
    make_logs(settings)


def make_logs(settings: Settings) -> None:
    """Make the logs of other nights, which models read, where they are missing."""
    with duckdb.connect(str(settings.work_db)) as connection:
        ensure_own_tables(connection)


def run_night(
    settings: Settings, select: tuple[str, ...] = CORE, profile: Profile | None = None
) -> dict[str, int]:
    """Load what is new, build what is selected, publish it; returns rows per published table.

    The profile's steps of models are their own seconds by the clock, two run at a time.

    Raises:
        RuntimeError: a file was refused or dbt failed.
    """
    profile = profile or Profile()
    with profile.step("load"):
        load(settings)
    with profile.step("dbt, all models"):
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager

        decided_by = build(settings, select, profile)
        # dbt keeps the database open until the process ends; publishing reads it.
        DuckDBConnectionManager.close_all_connections()
    with profile.step("publish"):
        rows = publish_selected(settings, select)
    complete_build(settings, decided_by)
    return rows


def build(settings: Settings, select: tuple[str, ...], profile: Profile) -> str:
    """Build what is selected with dbt; returns what `complete_build` is told afterwards.

    Raises:
        RuntimeError: dbt failed.
    """
    from dbt.cli.main import dbtRunner

    chosen = ["--select", *selection(select), "resource_type:seed"]
    arguments = ["build", *chosen, "--exclude-resource-type", "test", "unit_test"]
    decided_by = decides_about_tables(settings)
    if plan_build(settings, decided_by, LATEST):
        arguments.append("--full-refresh")
    arguments = ["--quiet", *arguments, "--project-dir", str(DBT_PROJECT_DIR)]
    result = dbtRunner().invoke([*arguments, "--profiles-dir", str(DBT_PROJECT_DIR)])
    if not result.success:
        raise RuntimeError(f"dbt failed: {result.exception or result.result}")
    for model in result.result.results:
        profile.add(f"model {model.node.name}", model.execution_time)
    return decided_by


def publish_selected(settings: Settings, select: tuple[str, ...]) -> dict[str, int]:
    """Publish the tables named in `select`, all of them where it names tags."""
    tables = published_tables(read_manifest(load_project(settings)))
    if select != EVERYTHING:
        tables = tuple(table for table in tables if table.name in select)
    return publish_tables(settings, tables)


def expose(settings: Settings, task: Task) -> None:
    """Link the published Parquet files where every implementation has its own."""
    for path in settings.parquet_dir.glob("*.parquet"):
        (task.output / path.name).unlink(missing_ok=True)
        os.link(path, task.output / path.name)


def main(task: Task, select: tuple[str, ...]) -> None:
    """One night over the inputs of `task`."""
    settings = settings_for(task.work / "warehouse", task.memory)
    if task.prepare:
        load_project(settings)
        return
    for file in task.inputs:
        land(settings, file)
    profile = Profile()
    run_night(settings, select, profile)
    profile.write(task.output)
    expose(settings, task)


if __name__ == "__main__":
    given = read_task("warehouse", ["everything"])
    main(given, EVERYTHING if "everything" in given.options else CORE)
