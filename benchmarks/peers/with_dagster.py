"""dagster-dbt as its template sets it up, over the same two dbt projects as `with_dbt`.

`definitions.py` is what `dagster-dbt project scaffold` writes, with a job of all models and, for
the warehouse's project, its selection. A fresh `dagster job execute` runs it; the default executor
starts a process for each step.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.peers.command import Task, read_task
from benchmarks.peers.publishing import publish
from benchmarks.peers.with_dbt import (
    DbtProjectOnDisk,
    load_warehouse,
    publish_warehouse,
    script_project,
    warehouse_project,
)

_DEFINITIONS = """\
from pathlib import Path

from dagster import AssetExecutionContext, Definitions
from dagster_dbt import (
    DbtCliResource,
    DbtProject,
    build_schedule_from_dbt_selection,
    dbt_assets,
)

project = DbtProject(
    project_dir=Path({folder!r}), profiles_dir=Path({folder!r}), target_path=Path({target!r})
)
project.prepare_if_dev()


@dbt_assets(manifest=project.manifest_path, select={select!r})
def nightly_dbt_assets(context: AssetExecutionContext, dbt: DbtCliResource):
    yield from dbt.cli({build!r}, context=context).stream()


defs = Definitions(
    assets=[nightly_dbt_assets],
    schedules=[
        build_schedule_from_dbt_selection(
            [nightly_dbt_assets], job_name="materialize_dbt_models", cron_schedule="0 0 * * *"
        )
    ],
    resources={{"dbt": DbtCliResource(project_dir=project)}},
)
"""


def write_definitions(task: Task, project: DbtProjectOnDisk) -> Path:
    """The template's file and a Dagster home of its own."""
    (task.work / "dagster_home").mkdir(exist_ok=True)
    path = task.work / "definitions.py"
    # What is selected Dagster passes on to dbt itself.
    build = [word for word in project.build if word not in (project.select or "").split()]
    text = _DEFINITIONS.format(
        folder=str(project.folder),
        target=str(project.target),
        select=project.select or "fqn:*",
        build=[word for word in build if word != "--select"],
    )
    path.write_text(text, encoding="utf-8")
    return path


def main(task: Task) -> None:
    """Load, let Dagster run dbt, publish."""
    of_warehouse = "warehouse" in task.options
    project = warehouse_project(task) if of_warehouse else script_project(task)
    if task.prepare:
        project.dbt("parse")
        write_definitions(task, project)
        return
    if of_warehouse:
        load_warehouse(task)
    dagster = Path(sys.executable).with_name("dagster")
    dbt_beside = f"{dagster.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    home = str(task.work / "dagster_home")
    job = ["-f", task.work / "definitions.py", "-j", "materialize_dbt_models"]
    run = subprocess.run(
        [dagster, "job", "execute", *job],
        cwd=task.work,
        env={**project.environment(), "DAGSTER_HOME": home, "PATH": dbt_beside},
        capture_output=True,
        text=True,
    )
    if run.returncode:
        raise RuntimeError(f"Dagster failed: {run.stderr[-3000:]}")
    if of_warehouse:
        publish_warehouse(task)
    else:
        publish(task.work / "nightly.duckdb", "core", task.output)
    shutil.rmtree(task.work / "dagster_home")


if __name__ == "__main__":
    main(read_task("with_dagster", ["warehouse"]))
