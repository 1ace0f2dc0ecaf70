"""`dbt build` from the shell: over the script's SQL as models, or over the warehouse's project.

For the warehouse's project the files are loaded by its own loader first, by the command that its
docs name. Everything is a process of its own, as in a shell script that runs at night.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers.command import REPOSITORY, Task, read_task
from benchmarks.peers.publishing import publish
from benchmarks.peers.sql_models import names, statement

_PROJECT = """\
name: nightly
version: "1.0"
config-version: 2
profile: nightly
model-paths: [models]
models:
  nightly:
    +materialized: table
flags:
  send_anonymous_usage_stats: false
"""
_PROFILE = """\
nightly:
  target: dev
  outputs:
    dev:
      type: duckdb
      path: {database}
      schema: core
      threads: 2
{limit}"""


@dataclass(frozen=True)
class DbtProjectOnDisk:
    """A dbt project, its arguments and the environment it needs.

    Attributes:
        folder: of dbt_project.yml and profiles.yml.
        target: where dbt writes its manifest.
        build: arguments of `dbt`.
        select: the selection alone; None for everything.
    """

    folder: Path
    target: Path
    build: tuple[str, ...]
    select: str | None = None

    def environment(self) -> dict[str, str]:
        """The process environment with dbt's paths, and nothing that dbt was told elsewhere."""
        own = {name: value for name, value in os.environ.items() if not name.startswith("DBT_")}
        return {
            **own,
            "DBT_PROFILES_DIR": str(self.folder),
            "DBT_TARGET_PATH": str(self.target),
            "DBT_LOG_PATH": str(self.target / "logs"),
            "DO_NOT_TRACK": "1",
        }

    def dbt(self, *arguments: str) -> None:
        """Run dbt as a shell does."""
        subprocess.run(
            [Path(sys.executable).with_name("dbt"), "--quiet", *arguments],
            cwd=self.folder,
            env=self.environment(),
            check=True,
        )


def script_project(task: Task) -> DbtProjectOnDisk:
    """The project of the script's SQL; written when it is not there yet."""
    folder = task.work / "project"
    project = DbtProjectOnDisk(folder, folder / "target", ("build",))
    if folder.exists():
        return project
    (folder / "models").mkdir(parents=True)
    limit = f"      settings: {{memory_limit: {task.memory}}}\n" if task.memory else ""
    profile = _PROFILE.format(database=task.work / "nightly.duckdb", limit=limit)
    (folder / "dbt_project.yml").write_text(_PROJECT, encoding="utf-8")
    (folder / "profiles.yml").write_text(profile, encoding="utf-8")
    for name in names():
        sql = statement(name, task.inputs, lambda other: f"{{{{ ref('{other}') }}}}")
        (folder / "models" / f"{name}.sql").write_text(sql, encoding="utf-8")
    return project


def warehouse_project(task: Task) -> DbtProjectOnDisk:
    """The warehouse's project with the marts of the core selected."""
    from benchmarks.peers.warehouse import CORE, selection, settings_for
    from dagster_project.transformation.project import DBT_PROJECT_DIR

    settings = settings_for(task.work / "warehouse", task.memory)
    select = " ".join([*selection(CORE), "resource_type:seed"])
    return DbtProjectOnDisk(
        DBT_PROJECT_DIR,
        settings.dbt_target_dir,
        ("build", "--select", *select.split(), "--exclude-resource-type", "test", "unit_test"),
        select,
    )


def load_warehouse(task: Task) -> None:
    """Land the shop's files and load them with the command of the docs."""
    from benchmarks.peers.warehouse import land, make_logs, settings_for

    settings = settings_for(task.work / "warehouse", task.memory)
    for file in task.inputs:
        land(settings, file)
    command = [sys.executable, "-m", "dagster_project.ingestion", "load"]
    environment = {
        **os.environ,
        "WAREHOUSE_DIR": str(settings.warehouse_dir),
        "PSEUDONYM_KEY": str(settings.pseudonym_key),
    }
    subprocess.run(command, cwd=REPOSITORY, env=environment, check=True, stdout=subprocess.DEVNULL)
    make_logs(settings)


def publish_warehouse(task: Task) -> None:
    """Publish the marts of the core."""
    from benchmarks.peers.warehouse import CORE, expose, publish_selected, settings_for

    settings = settings_for(task.work / "warehouse", task.memory)
    publish_selected(settings, CORE)
    expose(settings, task)


def main(task: Task) -> None:
    """Load, build, publish."""
    of_warehouse = "warehouse" in task.options
    project = warehouse_project(task) if of_warehouse else script_project(task)
    if task.prepare:
        project.dbt("parse")
        return
    if of_warehouse:
        load_warehouse(task)
    project.dbt(*project.build)
    if of_warehouse:
        publish_warehouse(task)
    else:
        publish(task.work / "nightly.duckdb", "core", task.output)


if __name__ == "__main__":
    main(read_task("with_dbt", ["warehouse"]))
