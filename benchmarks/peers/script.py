"""The limit: a hand-written DuckDB script, one process, no framework.

The tables that are published are made in a file of their own, which is renamed when it is
complete, so that nothing is copied but what Parquet needs.
"""

from __future__ import annotations

import duckdb

from benchmarks.peers.command import Profile, Task, read_task
from benchmarks.peers.sql_models import PUBLISHED, names, statement


def run(task: Task, *, tags: bool) -> None:
    """Build and publish; `tags` says whether the customers' tags are made, too."""
    serving = task.output / "marts.duckdb"
    unfinished = serving.with_suffix(".tmp")
    profile = Profile()
    left_out = set() if tags else {"tag_list", "customer_tags"}
    with duckdb.connect(str(task.work / "script.duckdb")) as connection:
        if task.memory:
            connection.execute(f"set memory_limit = '{task.memory}'")
        connection.execute(f"set temp_directory = '{task.work / 'spill'}'")
        # The oldest storage format, so that BI tools with an older client can open it.
        connection.execute(f"attach '{unfinished}' as serving (storage_version 'v1.0.0')")
        connection.execute("create schema core; create schema serving.marts")
        for name in names():
            if name not in left_out:
                sql = statement(name, task.inputs, _full_name)
                with profile.step(name):
                    connection.execute(f"create table {_full_name(name)} as {sql}")
        for name in PUBLISHED:
            if name not in left_out:
                with profile.step("publish: Parquet files"):
                    connection.execute(
                        f"copy {_full_name(name)} to '{task.output / name}.parquet' "
                        "(format parquet, compression zstd)"
                    )
        with profile.step("publish: database"):
            connection.execute("detach serving")
    unfinished.replace(serving)
    profile.write(task.output)


def _full_name(name: str) -> str:
    return f"serving.marts.{name}" if name in PUBLISHED else f"script.core.{name}"


if __name__ == "__main__":
    task = read_task("script", ["without-tags"])
    run(task, tags="without-tags" not in task.options)
