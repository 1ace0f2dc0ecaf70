"""Metrics of the semantic layer, asked of the published marts by MetricFlow's own commands."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster_project.settings import DBT_PROJECT_DIR, Settings
from dagster_project.transformation.project import load_project

if TYPE_CHECKING:
    from dbt_metricflow.cli.cli_configuration import CLIConfiguration

COMMANDS = ("list", "query", "validate-configs")


def run_metricflow(settings: Settings, arguments: Sequence[str]) -> int:
    """Run one of MetricFlow's commands and return its exit status.

    `mf` itself does the same, but looks for a newer version on the network first.

    Args:
        settings: of the warehouse whose published marts are asked.
        arguments: of `mf`: one of `COMMANDS` and its options.

    Raises:
        FileNotFoundError: nothing is published yet, and the command asks the published marts.
        ImportError: the extra `semantic` is not installed.
        ValueError: there is no such command.
    """
    if not arguments or arguments[0] not in COMMANDS:
        raise ValueError(f"name one of {', '.join(COMMANDS)}")
    if "--skip-dw" not in arguments and not settings.serving_db.is_file():
        raise FileNotFoundError("nothing is published yet; start with `make run`")
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt_metricflow.cli.main import cli

    command, *options = arguments
    if command == "query" and not sys.stdout.isatty():
        options.append("--quiet")  # its spinner writes a line for each of its turns
    try:
        cli.commands[command].main(
            options, prog_name=command, standalone_mode=False, obj=open_metrics(settings)
        )
    except SystemExit as ended:
        return int(ended.code or 0)
    finally:
        DuckDBConnectionManager.close_all_connections()
    return 0


def open_metrics(settings: Settings) -> CLIConfiguration:
    """MetricFlow on the published marts, read-only."""
    from dbt_metricflow.cli.cli_configuration import CLIConfiguration

    settings.export()
    os.environ["WAREHOUSE_SERVING_DB"] = str(settings.serving_db)
    project = load_project(settings)
    folder = _write_project(settings, project.manifest_path.with_name("semantic_manifest.json"))
    configuration = CLIConfiguration()
    os.environ["DBT_TARGET"] = "published"
    try:
        configuration.setup(DBT_PROJECT_DIR, folder, configure_file_logging=False)
    finally:
        # Whatever else this process does with dbt is not about the published file.
        os.environ["DBT_TARGET"] = settings.target
    return configuration


def _write_project(settings: Settings, manifest: Path) -> Path:
    """A dbt project of nothing but definitions, where MetricFlow looks for them."""
    folder = settings.work_dir / "semantic"
    (folder / "target").mkdir(parents=True, exist_ok=True)
    text = (DBT_PROJECT_DIR / "dbt_project.yml").read_text(encoding="utf-8")
    (folder / "dbt_project.yml").write_text(text, encoding="utf-8")
    definitions = json.loads(manifest.read_text(encoding="utf-8"))
    published = json.dumps(_in_published_file(definitions, settings.serving_db.stem))
    (folder / "target" / manifest.name).write_text(published, encoding="utf-8")
    return folder


def _in_published_file(definitions: Any, database: str) -> Any:
    """The definitions with every table in the published file instead of the work database."""
    if isinstance(definitions, list):
        return [_in_published_file(part, database) for part in definitions]
    if not isinstance(definitions, dict):
        return definitions
    if "relation_name" in definitions:
        schema, table = definitions["schema_name"], definitions["alias"]
        name = f'"{database}"."{schema}"."{table}"'
        return {**definitions, "database": database, "relation_name": name}
    return {key: _in_published_file(part, database) for key, part in definitions.items()}
