"""Static pages of the last run's quality results, readable without a network.

Great Expectations renders them from the results that the gates kept (`kept.py`); no rule runs
again. Its pages load styles and scripts from elsewhere: those links are pointed at the copies in
`static/`, and what is left over is removed.
"""

from __future__ import annotations

import re
import shutil
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster_project.quality import kept

if TYPE_CHECKING:
    from great_expectations.core import ExpectationValidationResult
    from great_expectations.data_context import EphemeralDataContext
    from great_expectations.expectations.expectation import Expectation

_STATIC = Path(__file__).with_name("static")
_VENDORED = "static/vendor"

# File name at the end of a remote address → the local copy. Charts (vega) are only drawn for
# distribution expectations, which no suite may use: without a copy, their tags are removed.
_COPIES = {
    "all.min.css": "css/font-awesome.min.css",
    "bootstrap-datepicker.min.css": "bootstrap-datepicker.min.css",
    "bootstrap-datepicker.min.js": "bootstrap-datepicker.min.js",
    "bootstrap-prefers-dark.css": "bootstrap-prefers-dark.min.css",
    "bootstrap-table-filter-control.css": "bootstrap-table-filter-control.min.css",
    "bootstrap-table-filter-control.min.css": "bootstrap-table-filter-control.min.css",
    "bootstrap-table-filter-control.min.js": "bootstrap-table-filter-control.min.js",
    "bootstrap-table.min.css": "bootstrap-table.min.css",
    "bootstrap-table.min.js": "bootstrap-table.min.js",
    "bootstrap.min.css": "bootstrap.min.css",
    "bootstrap.min.js": "bootstrap.min.js",
    "jquery-3.7.1.min.js": "jquery.min.js",
    "popper.min.js": "popper.min.js",
}
_LOGO = "static/images/logo-long.png"

_STYLE_TAG = re.compile(r'<link\b[^>]*?href="https?://[^"]*?([^"/]+)"[^>]*>')
_SCRIPT_TAG = re.compile(r'<script\b[^>]*?src="https?://[^"]*?([^"/]+)"[^>]*>\s*</script>')
_IMAGE_SOURCE = re.compile(r'src="https?://[^"]+"')
_STYLE_URL = re.compile(r"""url\(\s*['"]?https?://[^)]+\)""")

# The library is one folder off in some of the links to its own files.
_OWN_FILE = re.compile(r"""(["'(])(?:\.{1,2}/)+static/""")
# Times are shop-local, and the library calls every time UTC.
_TIME = re.compile(r"(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d)(?: UTC|Z)")


def build(results_dir: Path, output_dir: Path, run_id: str) -> Path:
    """Render the gates that `run_id` reached and return the path of `index.html`.

    `output_dir` is replaced as a whole, so no page of an earlier run stays behind.

    Args:
        results_dir: where `run_gate` kept its results (`keep_in`).
        output_dir: folder for the pages, made if missing.
        run_id: the run to show.

    Raises:
        FileNotFoundError: `run_id` kept no results.
    """
    gates = kept.read_run(results_dir, run_id)
    if not gates:
        raise FileNotFoundError(f"run {run_id} kept no quality results in {results_dir}")
    pages = output_dir.with_name(output_dir.name + ".new")
    shutil.rmtree(pages, ignore_errors=True)
    _render(gates, pages)
    shutil.copytree(_STATIC, pages / _VENDORED)
    for page in pages.rglob("*.html"):
        root = "../" * (len(page.relative_to(pages).parts) - 1)
        page.write_text(make_local(page.read_text("utf-8"), root), "utf-8")
    for style in (pages / "static" / "styles").glob("*.css"):
        style.write_text(_local_style_urls(style.read_text("utf-8"), "../../"), "utf-8")
    # Two renames instead of a removal in between: a reader hardly ever finds nothing.
    previous = output_dir.with_name(output_dir.name + ".old")
    shutil.rmtree(previous, ignore_errors=True)
    if output_dir.exists():
        output_dir.rename(previous)
    pages.rename(output_dir)
    shutil.rmtree(previous, ignore_errors=True)
    return output_dir / "index.html"


def make_local(html: str, root: str) -> str:
    """Point everything that a page loads at local copies; `root` leads to the site's folder."""

    def style(tag: re.Match[str]) -> str:
        copy = _COPIES.get(tag[1])
        return f'<link rel="stylesheet" href="{root}{_VENDORED}/{copy}">' if copy else ""

    def script(tag: re.Match[str]) -> str:
        copy = _COPIES.get(tag[1])
        return f'<script src="{root}{_VENDORED}/{copy}"></script>' if copy else ""

    html = _STYLE_TAG.sub(style, html)
    html = _SCRIPT_TAG.sub(script, html)
    html = _OWN_FILE.sub(rf"\1{root}static/", html)
    html = _TIME.sub(r"\1", html)
    html = _IMAGE_SOURCE.sub(f'src="{root}{_LOGO}"', html)
    return _local_style_urls(html, root)


def _local_style_urls(text: str, root: str) -> str:
    return _STYLE_URL.sub(f"url('{root}{_LOGO}')", text)


def _render(gates: list[dict[str, Any]], folder: Path) -> None:
    # Imported here: other steps use this package without paying for Great Expectations.
    from dagster_project.quality.gx_duckdb import new_context

    context = new_context()
    context.add_data_docs_site(
        "quality",
        {
            "class_name": "SiteBuilder",
            "show_how_to_buttons": False,
            "store_backend": {
                "class_name": "TupleFilesystemStoreBackend",
                "base_directory": str(folder),
            },
            "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        },
    )
    for gate in gates:
        for table in gate["tables"]:
            _add_table(context, gate, table)
    context.build_data_docs(site_names=["quality"])


def _in_the_librarys_words(result: ExpectationValidationResult) -> Expectation:
    """Return a rule for the suite page, which says what is checked instead of why."""
    expectation = result.expectation_config.to_domain_obj()
    expectation.description = None
    return expectation


def _add_table(context: EphemeralDataContext, gate: dict[str, Any], table: dict[str, Any]) -> None:
    from great_expectations.core import (
        ExpectationSuite,
        ExpectationSuiteValidationResult,
        RunIdentifier,
    )
    from great_expectations.core.expectation_validation_result import (
        expectationValidationResultSchema,
    )
    from great_expectations.data_context.types.resource_identifiers import (
        ExpectationSuiteIdentifier,
        ValidationResultIdentifier,
    )

    name = f"{gate['gate']}.{table['table']}"
    results = [expectationValidationResultSchema.load(entry) for entry in table["validations"]]
    context.suites.add(
        ExpectationSuite(
            name=name,
            expectations=[_in_the_librarys_words(result) for result in results],
        )
    )
    passed = sum(bool(result.success) for result in results)
    run = RunIdentifier(
        run_name=gate["run_id"], run_time=datetime.fromisoformat(gate["checked_at"])
    )
    key = ValidationResultIdentifier(
        expectation_suite_identifier=ExpectationSuiteIdentifier(name),
        run_id=run,
        batch_identifier=table["table"],
    )
    context.validation_results_store.set(
        key,
        ExpectationSuiteValidationResult(
            results=results,
            success=passed == len(results),
            suite_name=name,
            statistics={
                "evaluated_expectations": len(results),
                "successful_expectations": passed,
                "unsuccessful_expectations": len(results) - passed,
                "success_percent": 100 * passed / len(results),
            },
            meta={
                "run_id": run.to_json_dict(),
                "batch_spec": {"data_asset_name": table["table"]},
                "active_batch_definition": {
                    "datasource_name": "work",
                    "data_connector_name": "work",
                    "data_asset_name": table["table"],
                    "batch_identifiers": {},
                },
            },
        ),
    )
