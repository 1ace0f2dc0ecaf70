"""The dbt project: where it is, when its manifest is out of date, what it publishes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dagster_dbt import DbtProject

from dagster_project.settings import DBT_PROJECT_DIR, Settings

DBT_PROJECT_NAME = "customer_analytics"
MARTS_SCHEMA = "marts"

_SOURCE_ENDINGS = {".sql", ".yml", ".csv", ".md"}


@dataclass(frozen=True)
class PublishedTable:
    """A table that BI tools read.

    Attributes:
        name: of the table in schema `marts`.
        depends_on_as_of: whether it carries an `as_of_date`.
        personal_columns: marked `meta: {personal: true}`; published only when the owner allows it.
    """

    name: str
    depends_on_as_of: bool
    personal_columns: tuple[str, ...] = ()


def load_project(settings: Settings) -> DbtProject:
    """The dbt project with a manifest that is newer than every file it was made from.

    Raises:
        DagsterDbtCliRuntimeError: dbt cannot parse the project; the message is dbt's own.
    """
    project = DbtProject(
        project_dir=DBT_PROJECT_DIR,
        profiles_dir=DBT_PROJECT_DIR,
        target_path=settings.dbt_target_dir,
        target=settings.target,
    )
    if not is_fresh(project.manifest_path, DBT_PROJECT_DIR) or not is_whole(project.manifest_path):
        project.preparer.prepare(project)
    return project


def is_fresh(manifest: Path, project_dir: Path) -> bool:
    """Whether `manifest` is newer than every source file of the dbt project.

    Parsing costs seconds at each start of a process, so it is done only when it is needed.
    """
    if not manifest.is_file():
        return False
    made = manifest.stat().st_mtime
    return not any(
        path.stat().st_mtime > made
        for path in project_dir.rglob("*")
        if path.suffix in _SOURCE_ENDINGS and "target" not in path.parts
    )


def is_whole(manifest: Path) -> bool:
    """Whether dbt had written all of it: a process killed meanwhile leaves the beginning."""
    try:
        json.loads(manifest.read_text(encoding="utf-8"))
    except ValueError:
        return False
    return True


def read_manifest(project: DbtProject) -> Mapping[str, Any]:
    """dbt's manifest as it stands on disk."""
    manifest: Mapping[str, Any] = json.loads(project.manifest_path.read_text(encoding="utf-8"))
    return manifest


def published_tables(manifest: Mapping[str, Any]) -> tuple[PublishedTable, ...]:
    """The models of schema `marts`, by name: the one list of what is published."""
    return tuple(
        PublishedTable(node["name"], "as_of_date" in node["columns"], _personal_columns(node))
        for node in sorted(manifest["nodes"].values(), key=lambda node: str(node["name"]))
        if node["resource_type"] == "model" and node["schema"] == MARTS_SCHEMA
    )


def _personal_columns(node: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(
        name
        for name, column in node["columns"].items()
        if {**column.get("meta", {}), **column.get("config", {}).get("meta", {})}.get("personal")
    )
