"""The script's SQL as native SQLMesh models on DuckDB, planned and applied in one process."""

from __future__ import annotations

import os

from benchmarks.peers.command import Task, read_task
from benchmarks.peers.publishing import publish
from benchmarks.peers.sql_models import names, statement

_CONFIG = """\
gateways:
  duckdb:
    connection:
      type: duckdb
      database: {database}
      concurrent_tasks: 2
{limit}default_gateway: duckdb
model_defaults:
  dialect: duckdb
"""


def write_project(task: Task) -> None:
    """One full-refresh model a table."""
    project = task.work / "project"
    (project / "models").mkdir(parents=True, exist_ok=True)
    limit = f"      connector_config: {{memory_limit: {task.memory}}}\n" if task.memory else ""
    config = _CONFIG.format(database=task.work / "nightly.duckdb", limit=limit)
    (project / "config.yaml").write_text(config, encoding="utf-8")
    for name in names():
        sql = statement(
            name, task.inputs, lambda other: f"core.{other}", load_row="row_number() over ()"
        )
        text = f"MODEL (name core.{name}, kind FULL);\n\n{sql}"
        (project / "models" / f"{name}.sql").write_text(text, encoding="utf-8")


def main(task: Task) -> None:
    """Plan, apply, publish."""
    if task.prepare:
        write_project(task)
        return
    os.environ["SQLMESH__DISABLE_ANONYMIZED_ANALYTICS"] = "true"
    from sqlmesh import Context

    context = Context(paths=str(task.work / "project"))
    context.plan(auto_apply=True, no_prompts=True, skip_tests=True)
    context.close()
    publish(task.work / "nightly.duckdb", "core", task.output)


if __name__ == "__main__":
    main(read_task("with_sqlmesh"))
