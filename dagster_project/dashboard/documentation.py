"""The documentation as files that open from a folder: tables, lineage, entities, definitions."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.dashboard.definitions import Tags, definitions_page
from dagster_project.dashboard.entities import entities_page
from dagster_project.dashboard.page import build_page, fill
from dagster_project.settings import DBT_PROJECT_DIR, PROJECT_DIR, Settings
from dagster_project.transformation.project import MARTS_SCHEMA
from dagster_project.work_lock import hold_work_database

# In an environment of its own: docs/requirements.txt.
DOCS_ENVIRONMENT = PROJECT_DIR / "build" / "docs-venv"

DBT_PAGE, LINEAGE_PAGE = "dbt.html", "columns.html"
DEFINITIONS_PAGE, ENTITIES_PAGE = "definitions.html", "entities.html"


class DocumentationError(RuntimeError):
    """One of the tools failed; the message is what it said."""


def build_documentation(settings: Settings, report: Callable[[str], None]) -> Path:
    """Write `reports/docs/` and return its `index.html`.

    Args:
        settings: of a warehouse that has run once: types of columns come from its tables.
        report: called with a line of text before each part.

    Raises:
        DocumentationError: dbt, dbt-colibri or dbterd failed.
        FileNotFoundError: `make docs-setup` has not been run.
    """
    hold_work_database(settings)
    folder = settings.reports_dir / "docs"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="docs-", dir=settings.work_dir) as name:
        scratch = Path(name)
        report("tables and columns …")
        _generate_dbt_docs(scratch)
        (scratch / "static_index.html").replace(folder / DBT_PAGE)
        report("lineage of columns …")
        _generate_lineage(scratch)
        (scratch / "lineage" / "index.html").replace(folder / LINEAGE_PAGE)
        report("entities and definitions …")
        entities = entities_page(_read_relations(scratch))
        (folder / ENTITIES_PAGE).write_text(entities, encoding="utf-8")
        manifest = json.loads((scratch / "manifest.json").read_text(encoding="utf-8"))
        definitions = definitions_page(manifest, _read_tags(settings))
        (folder / DEFINITIONS_PAGE).write_text(definitions, encoding="utf-8")
    index = folder / "index.html"
    index.write_text(fill("docs.html"), encoding="utf-8")
    build_page(settings)  # it leads here from now on
    return index


def _generate_dbt_docs(target: Path) -> None:
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    options = ["--project-dir", str(DBT_PROJECT_DIR), "--profiles-dir", str(DBT_PROJECT_DIR)]
    options += ["--target-path", str(target), "--log-path", str(target)]
    made = dbtRunner().invoke(["--quiet", "docs", "generate", "--static", *options])
    DuckDBConnectionManager.close_all_connections()
    if not made.success:
        raise DocumentationError(f"dbt docs: {made.exception or made.result}")


def _generate_lineage(target: Path) -> None:
    _run_tool(
        "colibri",
        *("generate", "--disable-telemetry", "--light"),
        *("--manifest", target / "manifest.json", "--catalog", target / "catalog.json"),
        *("--output-dir", target / "lineage"),
    )


def _read_relations(target: Path) -> dict[str, Any]:
    """What dbterd reads from dbt's tests of relationships between published tables."""
    _run_tool(
        "dbterd",
        *("run", "--artifacts-dir", target, "--target", "json"),
        *("--select", f"schema:{MARTS_SCHEMA}", "--entity-name-format", "table"),
        *("--output", target, "--output-file-name", "entities.json"),
    )
    found: dict[str, Any] = json.loads((target / "entities.json").read_text(encoding="utf-8"))
    return found


def _read_tags(settings: Settings) -> Tags:
    with duckdb.connect(str(settings.serving_db), read_only=True) as connection:
        found = connection.table(f"{settings.serving_db.stem}.{MARTS_SCHEMA}.tag_definitions")
        ordered = found.order("tag_group, tag_code")
        return ordered.columns, ordered.fetchall()


def _run_tool(name: str, *arguments: str | Path) -> None:
    program = DOCS_ENVIRONMENT / "bin" / name
    if not program.is_file():
        raise FileNotFoundError(f"{name} is not installed: make docs-setup")
    made = subprocess.run([program, *arguments], capture_output=True, text=True)
    if made.returncode:
        raise DocumentationError(f"{name}: {made.stderr[-2000:] or made.stdout[-2000:]}")
