"""The fitted models as assets: after the facts and their gate, before the marts."""

from collections.abc import Iterator

import dagster as dg
import duckdb

from dagster_project.modelling.model import SCHEMA, Model
from dagster_project.modelling.models import MODELS
from dagster_project.modelling.run import fit_missing
from dagster_project.settings import Settings
from dagster_project.transformation.vars import as_of_variable
from dagster_project.work_lock import WORK_POOL, hold_work_database


def build_modelling_assets(
    settings: Settings, partitions: dg.PartitionsDefinition[str]
) -> list[dg.AssetsDefinition]:
    """One set of tables per model; dbt's sources of the same names have their keys."""
    return [_model_asset(settings, model, partitions) for model in MODELS]


def _model_asset(
    settings: Settings, model: Model, partitions: dg.PartitionsDefinition[str]
) -> dg.AssetsDefinition:
    specs = [
        dg.AssetSpec(
            [SCHEMA, table.name],
            deps=[dg.AssetKey(name.split(".")) for name in model.reads],
            group_name=SCHEMA,
            owners=["team:data"],
            kinds={"python", "duckdb"},
            description=table.description,
        )
        for table in model.tables
    ]

    @dg.multi_asset(
        specs=specs,
        name=f"model_{model.name}",
        pool=WORK_POOL,
        partitions_def=partitions,
        # A day at a time, as the marts after it.
        backfill_policy=dg.BackfillPolicy.multi_run(max_partitions_per_run=1),
    )
    def fit(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        hold_work_database(settings)
        as_of = as_of_variable(context.partition_key, settings.as_of_date)
        with duckdb.connect(str(settings.work_db), config=settings.duckdb_config) as connection:
            rows = fit_missing(connection, model, as_of, context.log.info)
        for table in model.tables:
            yield dg.MaterializeResult(
                asset_key=[SCHEMA, table.name], metadata={"rows_fitted": rows.get(table.name, 0)}
            )

    return fit
