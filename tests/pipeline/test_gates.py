"""A critical rule broken on purpose stops the run at its gate, and what is published stays."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import dagster as dg
import duckdb
import pytest
import yaml

from dagster_project.quality import suites
from tests.pipeline.conftest import Warehouse
from tests.pipeline.exports import REPORT_HEADER, as_csv, report_rows, write_text

AFTER = {
    "raw": {"dbt_facts", "dbt_marts", "serving__marts", "gate_facts", "gate_marts"},
    "facts": {"dbt_marts", "serving__marts", "gate_marts"},
    "marts": {"serving__marts"},
}
TABLE_OF_GATE = {
    "raw": "raw_taobao_orders.yml",
    "facts": "fct_orders.yml",
    "marts": "growth_daily.yml",
}


@pytest.fixture(scope="module")
def published_shop(new_warehouse: Callable[..., Warehouse]) -> Warehouse:
    warehouse = new_warehouse()
    write_text(warehouse.landing / "report.csv", as_csv(REPORT_HEADER, report_rows()), "gb18030")
    assert warehouse.nightly().success
    return warehouse


def _with_rule(folder: Path, file: str, severity: str) -> Path:
    """A copy of the project's expectations in which one rule cannot hold."""
    copy = folder / "expectations"
    shutil.copytree(suites.EXPECTATIONS_DIR, copy)
    suite = yaml.safe_load((copy / file).read_text(encoding="utf-8"))
    suite["rules"].append(
        {
            "name": "broken_on_purpose",
            "kind": "validity",
            "type": "unexpected_rows",
            "severity": severity,
            "reason": "There are rows, and this rule says that there must be none.",
            "kwargs": {"unexpected_rows_query": "select * from {batch}"},
        }
    )
    (copy / file).write_text(yaml.safe_dump(suite, allow_unicode=True), encoding="utf-8")
    return copy


def _published_bytes(warehouse: Warehouse) -> dict[str, str]:
    files = [warehouse.settings.serving_db, *warehouse.settings.parquet_dir.iterdir()]
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in files}


def _steps(result: dg.ExecuteInProcessResult, event: dg.DagsterEventType) -> set[str]:
    return {e.step_key for e in result.all_events if e.event_type == event and e.step_key}


@pytest.mark.parametrize("gate", ["raw", "facts", "marts"])
def test_broken_critical_rule_blocks_what_comes_after(
    gate: str, published_shop: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _published_bytes(published_shop)
    monkeypatch.setattr(
        suites, "EXPECTATIONS_DIR", _with_rule(tmp_path, TABLE_OF_GATE[gate], "critical")
    )

    result = published_shop.nightly()

    assert not result.success
    assert _steps(result, dg.DagsterEventType.STEP_FAILURE) == {f"gate_{gate}"}
    started = _steps(result, dg.DagsterEventType.STEP_START)
    assert not started & AFTER[gate]
    assert _published_bytes(published_shop) == before
    with duckdb.connect(str(published_shop.settings.work_db), read_only=True) as connection:
        logged = connection.execute(
            "select passed, unexpected_count > 0, sample <> '[]' from audit.quality_log "
            "where rule = 'broken_on_purpose' and run_id = ?",
            [result.run_id],
        ).fetchall()
    assert logged == [(False, True, True)]
    page = published_shop.settings.reports_dir / "quality" / "index.html"
    assert page.is_file()


def test_broken_warning_is_shown_and_lets_the_run_go_on(
    published_shop: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        suites, "EXPECTATIONS_DIR", _with_rule(tmp_path, TABLE_OF_GATE["facts"], "warning")
    )

    result = published_shop.nightly()

    assert result.success
    evaluation = next(
        e for e in result.get_asset_check_evaluations() if e.check_name == "broken_on_purpose"
    )
    assert not evaluation.passed
    assert evaluation.severity == dg.AssetCheckSeverity.WARN
    assert evaluation.metadata["failing_rows"].value == 60
    assert published_shop.rows(
        "select severity, passed, unexpected_count from quality_results "
        f"where rule = 'broken_on_purpose' and run_id = '{result.run_id}'"
    ) == [("warning", False, 60)]


def test_file_of_unreadable_orders_stops_at_the_first_gate(
    published_shop: Warehouse,
) -> None:
    before = _published_bytes(published_shop)
    ruined = [row | {"订单编号": f"1.2E+{number}"} for number, row in enumerate(report_rows())]
    dropped = write_text(published_shop.landing / "ruined.csv", as_csv(REPORT_HEADER, ruined))

    result = published_shop.nightly()
    dropped.unlink()

    assert not result.success
    failed = {e.check_name for e in result.get_asset_check_evaluations() if not e.passed}
    assert "rows_are_readable" in failed
    assert _published_bytes(published_shop) == before
