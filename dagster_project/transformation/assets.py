"""The dbt models as two sets of assets, so that a gate can stand between facts and marts."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import (
    DagsterDbtTranslator,
    DagsterDbtTranslatorSettings,
    DbtProject,
    dbt_assets,
)

from dagster_project.modelling.models import MODELS
from dagster_project.settings import Settings
from dagster_project.spark.mirror import remove_mirror
from dagster_project.transformation.builds import decides_about_tables, plan_build
from dagster_project.transformation.dbt_run import WarehouseDbt
from dagster_project.transformation.project import (
    DBT_PROJECT_NAME,
    MARTS_SCHEMA,
    published_tables,
)
from dagster_project.transformation.vars import LATEST, as_of_variable
from dagster_project.work_lock import WORK_POOL, hold_work_database

# Unit tests prove the models' logic on made rows: they belong to the test run, not to every night.
BUILD = ["build", "--exclude-resource-type", "unit_test"]


class WarehouseTranslator(DagsterDbtTranslator):
    """Groups by layer and subject, owners from dbt's groups, the engine as a kind."""

    def __init__(self) -> None:
        """Leave dbt's source tests out of the checks."""
        # With source tests as checks a gate on a raw table would run after dbt and block nothing.
        super().__init__(DagsterDbtTranslatorSettings(enable_source_tests_as_checks=False))

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """`raw`, `seeds`, `staging`, `intermediate`, or `marts_<subject>`."""
        if dbt_resource_props["resource_type"] == "source":
            return str(dbt_resource_props["source_name"])
        layer, *rest = dbt_resource_props["fqn"][1:-1] or ["seeds"]
        return f"marts_{rest[0]}" if layer == "marts" and rest else str(layer)

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str] | None:
        """Whoever answers for the data."""
        return ["team:data"]


def build_dbt_assets(
    settings: Settings, project: DbtProject, partitions: dg.PartitionsDefinition[str]
) -> list[dg.AssetsDefinition]:
    """Two sets: up to facts and dimensions, and the marts as of a date."""
    translator = WarehouseTranslator()
    dbt = WarehouseDbt(project, translator)

    @dbt_assets(
        manifest=project.manifest_path,
        project=project,
        select="tag:facts",
        name="dbt_facts",
        pool=WORK_POOL,
        dagster_dbt_translator=translator,
    )
    def dbt_facts(context: dg.AssetExecutionContext) -> Iterator[Any]:
        hold_work_database(settings)
        context.log.info("dbt builds staging, dispositions, facts and dimensions")
        # A folder of its own for each set, the same every night: Dagster's default makes a new one
        # for each run and never removes it.
        target = settings.dbt_target_dir / "facts"
        # The facts have no date, but the marts after them do.
        partition = context.run.tags.get("dagster/partition")
        as_of = as_of_variable(partition, settings.as_of_date)
        command = [*BUILD, *_extent(context, settings, as_of)]
        yield from _on_engine(context, settings, dbt, command, target)

    @dbt_assets(
        manifest=project.manifest_path,
        project=project,
        select="tag:marts",
        name="dbt_marts",
        pool=WORK_POOL,
        partitions_def=partitions,
        # A day at a time: the marts of several days cannot stand in one table.
        backfill_policy=dg.BackfillPolicy.multi_run(max_partitions_per_run=1),
        dagster_dbt_translator=translator,
    )
    def dbt_marts(context: dg.AssetExecutionContext) -> Iterator[Any]:
        hold_work_database(settings)
        as_of = as_of_variable(context.partition_key, settings.as_of_date)
        context.log.info(f"dbt builds the marts as of {as_of}")
        command = [*BUILD, *_extent(context, settings, as_of)]
        if as_of != LATEST:  # the project's own default
            command += ["--vars", json.dumps({"as_of_date": as_of})]
        target = settings.dbt_target_dir / "marts"
        yield from _on_engine(context, settings, dbt, command, target)

    return [dbt_facts, dbt_marts]


def _on_engine(
    context: dg.AssetExecutionContext,
    settings: Settings,
    dbt: WarehouseDbt,
    command: list[str],
    target: Path,
) -> Iterator[Any]:
    """Run dbt; on Spark between giving it what was landed and showing what was built."""
    if not settings.on_spark:
        if removed := remove_mirror(settings):
            context.log.info(f"{removed} views of Spark's tables make room for tables")
        yield from dbt.stream(context, command, target)
        return
    # An extra that only who moves to Spark has installed.
    from dagster_project.spark.bridge import give, take
    from dagster_project.spark.python_models import run_python_models_in_session

    manifest = dbt.manifest
    run_python_models_in_session()
    give(settings, manifest, context.log.info)
    try:
        yield from dbt.stream(context, command, target)
    finally:
        views = {f"{MARTS_SCHEMA}.{table.name}" for table in published_tables(manifest)}
        views.update(name for model in MODELS for name in model.reads)
        compiled = target / "compiled" / DBT_PROJECT_NAME
        take(settings, manifest, compiled, views, context.log.info)


def _extent(context: dg.AssetExecutionContext, settings: Settings, as_of: str) -> list[str]:
    """dbt's option for building everything, where new files do not say it all."""
    reason = plan_build(settings, decides_about_tables(settings), as_of)
    if reason is None:
        context.log.info("builds what the new files touch")
        return []
    context.log.info(f"builds everything: {reason}")
    return ["--full-refresh"]
