"""Publishing as the last asset of the lineage."""

import warnings
from collections.abc import Sequence

import dagster as dg

from dagster_project import last_run
from dagster_project.automation.names import PUBLISHED_KEY
from dagster_project.dashboard.page import build_page
from dagster_project.serving.figure_record import record_figures
from dagster_project.serving.publish import publish
from dagster_project.serving.state_record import record_states
from dagster_project.settings import Settings
from dagster_project.transformation.builds import complete_build, decides_about_tables
from dagster_project.transformation.project import MARTS_SCHEMA, PublishedTable
from dagster_project.transformation.vars import is_history
from dagster_project.work_lock import WORK_POOL, hold_work_database

# The parameter's interface may change, which is why Dagster's version is pinned; the person who
# starts a run can do nothing about it.
warnings.filterwarnings("ignore", message=".*backfill_policy.*", category=dg.BetaWarning)


def build_publish_asset(
    settings: Settings,
    tables: Sequence[PublishedTable],
    partitions: dg.PartitionsDefinition[str],
) -> dg.AssetsDefinition:
    """The published marts; every mart and every gate stands before them."""

    @dg.asset(
        key=PUBLISHED_KEY,
        pool=WORK_POOL,
        deps=[dg.AssetKey([MARTS_SCHEMA, table.name]) for table in tables],
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.multi_run(max_partitions_per_run=1),
        group_name="serving",
        owners=["team:data"],
        kinds={"duckdb", "parquet"},
        description=(
            "What BI tools read: serving/marts.duckdb, replaced in one step after the last gate, "
            "and one Parquet file per table beside it; and the dashboard reports/index.html."
        ),
    )
    def published_marts(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        hold_work_database(settings)
        publication = publish(settings, tables, as_history=is_history(context.partition_key))
        if publication.replaced_current:
            context.log.info(f"published {len(tables)} tables as of {publication.as_of_date}")
            if publication.as_of_date is not None:
                changed = record_states(settings, publication.as_of_date)
                context.log.info(f"recorded the new labels of {changed:,} customers")
                watched = record_figures(settings, publication.as_of_date)
                context.log.info(f"recorded {watched} figures that the next night is compared with")
            complete_build(settings, decides_about_tables(settings))
            if settings.postgres_url is not None:
                # An extra that only who asks for it has installed.
                from dagster_project.serving.postgres import publish_to_postgres

                publish_to_postgres(settings, tables)
                context.log.info("published to PostgreSQL, too")
            page = build_page(settings)
            context.log.info(f"dashboard of {page.stat().st_size / 1e6:.1f} MB: {page}")
            # Last of all: from here on the next night has nothing to do until something changes.
            last_run.complete(settings, context.run.run_id)
        else:
            context.log.info(
                f"kept as history of {publication.as_of_date}; the published marts are of a later "
                "day and stay"
            )
        if publication.withheld:
            context.log.warning(
                f"personal, not published: {', '.join(publication.withheld)}; "
                "PUBLISH_PERSONAL=true allows it"
            )
        return dg.MaterializeResult(
            metadata={
                "as_of_date": str(publication.as_of_date),
                "replaced_current": publication.replaced_current,
                "database": dg.MetadataValue.path(str(settings.serving_db)),
                "dashboard": dg.MetadataValue.path(str(settings.dashboard_path)),
                "rows": dg.MetadataValue.json(publication.rows),
            }
        )

    return published_marts
