"""Between the work database and Spark: what goes there before dbt, and what is read back after.

The one session of this process is shared by dbt, the gates and the inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from dagster_project.settings import Settings
from dagster_project.spark.conf import write_conf
from dagster_project.spark.inputs import share_inputs
from dagster_project.spark.mirror import mirror_tables, mirror_views


def open_session(settings: Settings) -> SparkSession:
    """The session; how it is configured stands in the folder that `SPARK_CONF_DIR` names."""
    write_conf(settings)
    return SparkSession.builder.getOrCreate()


def give(settings: Settings, manifest: Mapping[str, Any], say: Callable[[str], object]) -> None:
    """Bring what dbt reads as sources up to date in Spark."""
    sources = [(node["schema"], node["name"]) for node in manifest["sources"].values()]
    share_inputs(settings, open_session(settings), sources, say)


def take(
    settings: Settings,
    manifest: Mapping[str, Any],
    compiled: Path,
    views: Iterable[str],
    say: Callable[[str], object],
) -> None:
    """Have the work database show what dbt has built.

    Args:
        settings: where everything is.
        manifest: dbt's.
        compiled: folder of the SQL that dbt ran, `compiled/<project>` of its target folder.
        views: `schema.name` of the views that are read outside Spark.
        say: told how much is shown.
    """
    tables = mirror_tables(settings, manifest)
    shown = mirror_views(settings, open_session(settings), manifest, compiled, set(views))
    say(f"{tables} tables and {shown} views of Spark stand in the work database")
