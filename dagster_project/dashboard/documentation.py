"""The documentation as files that open from a folder: tables, columns' lineage, definitions."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable
from html import escape
from pathlib import Path
from string import Template

from dagster_project.dashboard.page import STATIC, build_page, read_texts
from dagster_project.settings import DBT_PROJECT_DIR, PROJECT_DIR, Settings
from dagster_project.work_lock import hold_work_database

# In an environment of its own: docs/requirements.txt.
COLIBRI = PROJECT_DIR / "build" / "docs-venv" / "bin" / "colibri"

DBT_PAGE, LINEAGE_PAGE, DEFINITIONS_PAGE = "dbt.html", "columns.html", "definitions.html"


class DocumentationError(RuntimeError):
    """One of the tools failed; the message is what it said."""


def build_documentation(settings: Settings, report: Callable[[str], None]) -> Path:
    """Write `reports/docs/` and return its `index.html`.

    Args:
        settings: of a warehouse that has run once: types of columns come from its tables.
        report: called with a line of text before each part.

    Raises:
        DocumentationError: dbt or dbt-colibri failed.
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
    (folder / DEFINITIONS_PAGE).write_text(definitions_page(), encoding="utf-8")
    index = folder / "index.html"
    index.write_text(_page("docs.html"), encoding="utf-8")
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
    if not COLIBRI.is_file():
        raise FileNotFoundError("dbt-colibri is not installed: make docs-setup")
    made = subprocess.run(
        [
            *(COLIBRI, "generate", "--disable-telemetry", "--light"),
            *("--manifest", target / "manifest.json", "--catalog", target / "catalog.json"),
            *("--output-dir", target / "lineage"),
        ],
        capture_output=True,
        text=True,
    )
    if made.returncode:
        raise DocumentationError(f"dbt-colibri: {made.stderr[-2000:] or made.stdout[-2000:]}")


def definitions_page() -> str:
    """What each figure of the dashboard means, in both languages side by side."""
    texts = read_texts()
    rows = "".join(
        f'<tr id="{escape(key)}"><th scope="row">{escape(texts[key]["zh"])}<br>'
        f"{escape(texts[key]['en'])}</th><td>{escape(both['zh'])}</td>"
        f"<td>{escape(both['en'])}</td></tr>"
        for key, both in texts["meanings"].items()
    )
    return _page("definitions.html", rows=rows)


def _page(name: str, **parts: str) -> str:
    style = (STATIC / "style.css").read_text(encoding="utf-8")
    text = (STATIC / name).read_text(encoding="utf-8")
    return Template(text).substitute(style=style, **parts)
