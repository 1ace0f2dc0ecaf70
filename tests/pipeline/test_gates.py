"""A critical rule broken on purpose stops the run at its gate, and what is published stays."""

from __future__ import annotations

import io
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import dagster as dg
import duckdb
import pytest
import yaml
from rich.console import Console

from dagster_project.alerts.tell import tell
from dagster_project.modelling.models import MODELS
from dagster_project.quality import suites
from dagster_project.quality.gx_duckdb import SAMPLE_ROWS
from dagster_project.serving.summary import print_summary
from dagster_project.settings import AlertSettings, Settings
from tests.pipeline.conftest import Warehouse
from tests.pipeline.exports import REPORT_HEADER, as_csv, report_rows, write_text
from tests.receivers import Robot, robot

FITS = {f"model_{model.name}" for model in MODELS}
AFTER = {
    "raw": {"dbt_facts", *FITS, "dbt_marts", "serving__marts", "gate_facts", "gate_marts"},
    "facts": {*FITS, "dbt_marts", "serving__marts", "gate_marts"},
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
    serving = warehouse.settings.serving_db.parent
    files = [path for path in serving.rglob("*") if path.is_file()]
    files.append(warehouse.settings.dashboard_path)
    return {str(path): sha256(path.read_bytes()).hexdigest() for path in files}


def _summary(warehouse: Warehouse, run_id: str) -> str:
    console = Console(width=300, record=True, file=io.StringIO())
    assert print_summary(warehouse.settings, console, run_id=run_id)
    return console.export_text()


def _steps(result: dg.ExecuteInProcessResult, event: dg.DagsterEventType) -> set[str]:
    return {e.step_key for e in result.all_events if e.event_type == event and e.step_key}


def _assert_told_once(
    settings: Settings, history: dg.DagsterInstance, dingtalk: Robot, suite: str
) -> None:
    """The night, each sensor of the daemon and cron all look, and one message comes of it."""
    told = replace(
        settings, alerts=AlertSettings(webhook_url=dingtalk.url, webhook_kind="dingtalk")
    )
    shutil.rmtree(settings.alerts_dir, ignore_errors=True)
    for minutes in range(0, 120, 30):
        log: list[str] = []
        tell(told, datetime.now(UTC) + timedelta(minutes=minutes), log.append, history)
        assert not any("not" in line for line in log), log
    (text,) = dingtalk.texts
    table = yaml.safe_load((suites.EXPECTATIONS_DIR / suite).read_text(encoding="utf-8"))
    assert f"- {table['table']} breaks broken_on_purpose: " in text
    # The rows are named by the key of their table.
    named = ", ".join(f"{column}=" for column in table["key"])
    assert re.search(r"\[" + named.replace("=", "=[^,;]+") + "; ", text), text
    assert "夜间任务失败" in text
    assert str(settings.reports_dir / "quality" / "index.html") in text


@pytest.mark.parametrize("gate", ["raw", "facts", "marts"])
def test_broken_critical_rule_blocks_what_comes_after(
    gate: str, published_shop: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _published_bytes(published_shop)
    monkeypatch.setattr(
        suites, "EXPECTATIONS_DIR", _with_rule(tmp_path, TABLE_OF_GATE[gate], "critical")
    )

    with dg.DagsterInstance.ephemeral() as history, robot() as dingtalk:
        result = published_shop.nightly(history=history)
        _assert_told_once(published_shop.settings, history, dingtalk, TABLE_OF_GATE[gate])

    assert not result.success
    assert _steps(result, dg.DagsterEventType.STEP_FAILURE) == {f"gate_{gate}"}
    started = _steps(result, dg.DagsterEventType.STEP_START)
    assert not started & AFTER[gate]
    assert _published_bytes(published_shop) == before
    with duckdb.connect(str(published_shop.settings.work_db), read_only=True) as connection:
        logged = connection.execute(
            "select table_name, gate, passed, unexpected_count, sample from audit.quality_log "
            "where rule = 'broken_on_purpose' and run_id = ?",
            [result.run_id],
        ).fetchall()
        ((table, blocked_at, passed, count, sample),) = logged
        rows = connection.execute(f"select count(*) from {table}").fetchone()
    assert (blocked_at, passed, (count,)) == (gate, False, rows)
    # The rows are named by their key, in the log and to whoever reads the summary.
    suite = suites.load_suite(suites.EXPECTATIONS_DIR / TABLE_OF_GATE[gate])
    named = json.loads(sample)
    assert len(named) == min(count, SAMPLE_ROWS)
    assert all(row.keys() == set(suite.key) for row in named)
    said = _summary(published_shop, result.run_id)
    assert f"critical {table} broken_on_purpose ({count:,} rows)" in said
    assert ", ".join(f"{name}={value}" for name, value in named[0].items()) in said
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
