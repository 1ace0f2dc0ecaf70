"""Everything Dagster knows, gathered from the parts."""

from __future__ import annotations

import dagster as dg

from dagster_project.automation.jobs import (
    build_automation,
    build_partitions,
    with_freshness,
)
from dagster_project.automation.names import LANDING_KEY, PUBLISHED_KEY
from dagster_project.connections.assets import build_connection_assets
from dagster_project.ingestion.assets import build_ingestion_assets
from dagster_project.modelling.assets import build_modelling_assets
from dagster_project.quality.checks import build_gates
from dagster_project.serving.assets import build_publish_asset
from dagster_project.settings import Settings
from dagster_project.transformation.assets import build_dbt_assets
from dagster_project.transformation.project import (
    load_project,
    published_tables,
    read_manifest,
)


def build_definitions(settings: Settings) -> dg.Definitions:
    """The definitions for one warehouse; tests pass settings of their own."""
    settings.create_folders()
    settings.export()
    project = load_project(settings)
    partitions = build_partitions(settings)
    connections = build_connection_assets(settings)
    extracted = [key for extract in connections for key in extract.keys]
    dbt_assets = build_dbt_assets(settings, project, partitions)
    modelling_assets = build_modelling_assets(settings, partitions)
    built = [key for assets in (*dbt_assets, *modelling_assets) for key in assets.keys]
    ends = {LANDING_KEY, PUBLISHED_KEY, *extracted}
    assets = [
        *connections,
        *build_ingestion_assets(settings, extracted, [*built, PUBLISHED_KEY]),
        *dbt_assets,
        *modelling_assets,
        build_publish_asset(settings, published_tables(read_manifest(project)), partitions),
    ]
    definitions = dg.Definitions(
        assets=list(
            dg.map_asset_specs(
                lambda spec: with_freshness(spec, settings) if spec.key in ends else spec, assets
            )
        ),
        asset_checks=build_gates(settings),
        executor=dg.in_process_executor,
    )
    return dg.Definitions.merge(definitions, build_automation(settings))


defs = build_definitions(Settings.from_env())
