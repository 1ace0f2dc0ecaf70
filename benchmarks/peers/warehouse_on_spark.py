"""The warehouse's core with dbt on Spark: the loader and publishing stay in DuckDB.

In one process, or (`--cluster`) on a master and two workers that are started for the run; their
start belongs to the cost.
"""

from __future__ import annotations

import os
from contextlib import ExitStack

from benchmarks.peers.command import Profile, Task, read_task
from benchmarks.peers.warehouse import (
    CORE,
    build,
    expose,
    land,
    load,
    publish_selected,
    settings_for,
)
from benchmarks.spark_cluster import cluster
from dagster_project.spark.bridge import give, take
from dagster_project.spark.python_models import run_python_models_in_session
from dagster_project.transformation.project import (
    DBT_PROJECT_NAME,
    MARTS_SCHEMA,
    load_project,
    read_manifest,
)

WORKERS, MEMORY = 2, "4g"


def main(task: Task) -> None:
    """One night over the inputs of `task`."""
    os.environ |= {"DBT_TARGET": "spark_local", "SPARK_DRIVER_MEMORY": MEMORY}
    with ExitStack() as stack:
        if "cluster" in task.options and not task.prepare:
            made = stack.enter_context(cluster(task.work, WORKERS, MEMORY))
            os.environ |= {"DBT_TARGET": "spark", "SPARK_MASTER": made.url}
        settings = settings_for(task.work / "warehouse", task.memory)
        project = load_project(settings)
        if task.prepare:
            return
        for file in task.inputs:
            land(settings, file)
        profile, manifest = Profile(), read_manifest(project)
        with profile.step("load"):
            load(settings)
        with profile.step("to Spark"):
            give(settings, manifest, print)
        with profile.step("dbt, all models"):
            run_python_models_in_session()
            build(settings, CORE, profile)
        with profile.step("publish"):
            compiled = settings.dbt_target_dir / "compiled" / DBT_PROJECT_NAME
            take(settings, manifest, compiled, {f"{MARTS_SCHEMA}.{name}" for name in CORE}, print)
            publish_selected(settings, CORE)
        profile.write(task.output)
    expose(settings, task)


if __name__ == "__main__":
    main(read_task("warehouse_on_spark", ["cluster"]))
