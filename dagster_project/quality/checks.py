"""The gates as Dagster asset checks: one check per rule, critical ones block what comes after."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import dagster as dg
import duckdb

from dagster_project.quality import store, suites
from dagster_project.quality.results import RuleResult
from dagster_project.quality.runner import run_gate
from dagster_project.quality.suites import GATES, Suite, load_suites
from dagster_project.settings import Settings
from dagster_project.transformation.project import load_project, read_manifest
from dagster_project.work_lock import WORK_POOL, hold_work_database

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def build_gates(settings: Settings) -> list[dg.AssetChecksDefinition]:
    """One definition per gate, in the order of the gates."""
    loaded = load_suites(suites.EXPECTATIONS_DIR)
    return [_gate(settings, loaded, gate) for gate in GATES]


def table_key(table: str) -> dg.AssetKey:
    """`schema.table` as the key of its asset."""
    return dg.AssetKey(table.split("."))


def _selected(loaded: Sequence[Suite], keys: AbstractSet[dg.AssetCheckKey]) -> list[Suite]:
    """The rules a run asked for: of one mart's tables, where a run makes only these."""
    chosen = (
        replace(
            suite,
            rules=tuple(
                rule
                for rule in suite.rules
                if dg.AssetCheckKey(table_key(suite.table), rule.name) in keys
            ),
        )
        for suite in loaded
    )
    return [suite for suite in chosen if suite.rules]


def _gate(settings: Settings, loaded: Sequence[Suite], gate: str) -> dg.AssetChecksDefinition:
    specs = [
        dg.AssetCheckSpec(
            name=rule.name,
            asset=table_key(suite.table),
            description=rule.reason,
            blocking=rule.severity == "critical",
            metadata={"kind": rule.kind, "severity": rule.severity, "owner": suite.owner},
        )
        for suite in loaded
        if suite.gate == gate
        for rule in suite.rules
    ]

    @dg.multi_asset_check(specs=specs, name=f"gate_{gate}", pool=WORK_POOL, can_subset=True)
    def check(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        hold_work_database(settings)
        checked_at = datetime.now(UTC)
        # People read the pages by the shop's clock; the log is in UTC like every time of a run.
        shop_time = checked_at.astimezone(ZoneInfo(settings.shop_timezone))
        results = run_gate(
            settings.work_db,
            _selected(loaded, context.selected_asset_check_keys),
            gate,
            context.run.run_id,
            shop_time.replace(tzinfo=None),
            keep_in=settings.quality_results_dir,
            config=settings.duckdb_config,
            spark=_spark(settings, context) if settings.on_spark else None,
        )
        with duckdb.connect(str(settings.work_db)) as connection:
            store.write_results(
                connection, results, context.run.run_id, checked_at.replace(tzinfo=None)
            )
        broken = [r for r in results if not r.passed and r.severity == "critical"]
        if broken or gate == GATES[-1]:
            _write_pages(settings, context.run.run_id)
        context.log.info(
            f"gate {gate}: {sum(r.passed for r in results)} of {len(results)} rules hold"
        )
        for result in results:
            yield _check_result(result)

    return check


def _spark(settings: Settings, context: dg.AssetCheckExecutionContext) -> "SparkSession":
    """The session that holds the tables, with what has landed since."""
    # An extra that only who moves to Spark has installed.
    from dagster_project.spark.bridge import give, open_session

    give(settings, read_manifest(load_project(settings)), context.log.info)
    return open_session(settings)


def _write_pages(settings: Settings, run_id: str) -> None:
    # Great Expectations renders its pages; importing it is what costs, so only here.
    from dagster_project.quality import data_docs

    data_docs.build(settings.quality_results_dir, settings.reports_dir / "quality", run_id)


def _check_result(result: RuleResult) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=table_key(result.table_name),
        check_name=result.rule,
        passed=result.passed,
        severity=(
            dg.AssetCheckSeverity.ERROR
            if result.severity == "critical"
            else dg.AssetCheckSeverity.WARN
        ),
        description=result.error or result.reason,
        metadata={
            "kind": result.kind,
            "severity": result.severity,
            "observed_value": result.observed_value or "",
            "failing_rows": result.unexpected_count or 0,
            "failing_share": result.unexpected_share or 0.0,
            "sample": dg.MetadataValue.md(f"```json\n{result.sample}\n```"),
        },
    )
