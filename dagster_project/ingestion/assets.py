"""The raw tables as assets: one ingestion per source."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import dagster as dg
import duckdb

from dagster_project import last_run
from dagster_project.automation.names import LANDING_KEY
from dagster_project.automation.nothing_new import confirmations, is_whole_run
from dagster_project.ingestion.formats import Format, load_formats
from dagster_project.ingestion.inspect import LandingError, inspect_landing
from dagster_project.ingestion.loader import LoadReport, load_source, refuse_unreadable
from dagster_project.operations.retention import prune_runs
from dagster_project.settings import Settings
from dagster_project.transformation.own_tables import ensure_own_tables
from dagster_project.transformation.vars import is_history
from dagster_project.trouble import is_broken_database, is_disk_full
from dagster_project.work_lock import WORK_POOL, hold_work_database

_MAX_RETRIES = 3
_FIRST_WAIT_SECONDS = 5


@contextmanager
def retry_what_passes(context: dg.AssetExecutionContext) -> Iterator[None]:
    """Ask Dagster for another try, each after twice the wait, where time alone may help.

    That is a file still being copied, a share that is away for a moment, a database that a person
    has open. Bad data is refused, not raised; any other error would only fail again, and so would
    a full disk or a broken file.
    """
    try:
        yield
    except LandingError:
        raise
    except (OSError, duckdb.IOException) as error:
        if is_disk_full(str(error)) or is_broken_database(str(error)):
            raise
        wait = _FIRST_WAIT_SECONDS * 2**context.retry_number
        raise dg.RetryRequested(max_retries=_MAX_RETRIES, seconds_to_wait=wait) from error


def raw_key(format_name: str) -> dg.AssetKey:
    """Key of a format's raw table; dbt's source of the same name has it too."""
    return dg.AssetKey(["raw", format_name])


def build_ingestion_assets(
    settings: Settings,
    upstream: Sequence[dg.AssetKey] = (),
    downstream: Collection[dg.AssetKey] = (),
) -> list[dg.AssetsDefinition]:
    """The landing folder, and for each source its raw tables.

    Args:
        settings: where everything lives.
        upstream: assets that put files into the landing folder.
        downstream: the other assets of the nightly job. A run of the whole job for the latest day
            ends at the landing folder when there is nothing new.
    """
    formats = load_formats()
    sources = sorted({fmt.source for fmt in formats})
    return [
        _landing_asset(settings, upstream, downstream),
        *(
            _source_asset(settings, source, [fmt for fmt in formats if fmt.source == source])
            for source in sources
        ),
    ]


def _landing_asset(
    settings: Settings, upstream: Sequence[dg.AssetKey], downstream: Collection[dg.AssetKey]
) -> dg.AssetsDefinition:
    formats = {raw_key(fmt.name) for fmt in load_formats()}
    everything = {*upstream, LANDING_KEY, *formats, *downstream}

    @dg.asset(
        key=LANDING_KEY,
        pool=WORK_POOL,
        deps=list(upstream),
        group_name="ingestion",
        owners=["team:data"],
        kinds={"file"},
        description=(
            "The files in the landing folder. Each is recognised by its header; one that cannot "
            "be read moves to the refused folder with a reason beside it."
        ),
        # Without this output nothing below is run: that is a night with nothing new.
        output_required=False,
    )
    def landing_files(
        context: dg.AssetExecutionContext,
    ) -> Iterator[dg.MaterializeResult[None]]:
        hold_work_database(settings)
        # At the start: nights that fail again and again write to the history, too.
        pruned = prune_runs(context.instance, settings.keep_runs_days, datetime.now(UTC))
        if pruned:
            context.log.info(f"{pruned} runs are older than {settings.keep_runs_days} days: gone")
        if _is_superfluous(settings, context, everything):
            return
        with retry_what_passes(context):
            plan = inspect_landing(settings)
            report = refuse_unreadable(settings, plan)
            with duckdb.connect(str(settings.work_db)) as connection:
                ensure_own_tables(connection)
        for refused in report.refused:
            context.log.warning(f"refused {refused.relative}: {refused.refusal.message}")
        context.log.info(f"{len(plan.files)} files in {settings.landing_dir}")
        yield dg.MaterializeResult(
            metadata={
                "files": len(plan.files),
                "refused": len(report.refused),
                "folder": dg.MetadataValue.path(str(settings.landing_dir)),
                "reasons": dg.MetadataValue.md(
                    "\n".join(f"- {r.relative}: {r.refusal.message}" for r in report.refused)
                    or "none"
                ),
            }
        )

    return landing_files


def _is_superfluous(
    settings: Settings, context: dg.AssetExecutionContext, everything: Collection[dg.AssetKey]
) -> bool:
    """Whether the run can end here; notes what it stands on when it cannot."""
    day = context.run.tags.get("dagster/partition")
    if not is_whole_run(context.run, everything) or is_history(day):
        last_run.give_up(settings)
        return False
    with retry_what_passes(context):
        reason = last_run.why_run(settings)
        if reason is not None:
            context.log.info(f"a full run: {reason}")
            last_run.begin(settings, context.run.run_id)
            return False
    last = last_run.read(settings)
    assert last is not None and last.published_at is not None
    context.log.info(f"nothing new since the run that published at {last.published_at:%F %T} UTC")
    for confirmation in confirmations(last.published_at):
        context.log_event(confirmation)
    return True


def _source_asset(settings: Settings, source: str, formats: list[Format]) -> dg.AssetsDefinition:
    specs = [
        dg.AssetSpec(
            raw_key(fmt.name),
            deps=[LANDING_KEY],
            group_name="ingestion",
            owners=["team:data"],
            kinds={"duckdb", "table"},
            description=f"{fmt.description['en']} / {fmt.description['zh']}",
        )
        for fmt in formats
    ]

    @dg.multi_asset(specs=specs, name=f"ingest_{source}", pool=WORK_POOL)
    def ingest(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        hold_work_database(settings)
        with retry_what_passes(context):
            report = load_source(settings, inspect_landing(settings), source, context.log.info)
        for refused in report.refused:
            context.log.warning(f"refused {refused.relative}: {refused.refusal.message}")
        for file in report.loaded:
            if file.note is not None:
                context.log.warning(f"{file.relative}: {file.note}")
        with duckdb.connect(str(settings.work_db), read_only=True) as connection:
            for fmt in formats:
                yield _materialised(connection, fmt, report)

    return ingest


def _materialised(
    connection: duckdb.DuckDBPyConnection, fmt: Format, report: LoadReport
) -> dg.MaterializeResult[None]:
    row = connection.execute(f"select count(*) from raw.{fmt.name}").fetchone()
    files = [file for file in report.loaded if fmt.name in file.formats]
    return dg.MaterializeResult(
        asset_key=raw_key(fmt.name),
        metadata={
            "dagster/row_count": row[0] if row else 0,
            "files_loaded": len(files),
            "rows_loaded": sum(file.rows for file in files),
            "rows_with_unparsed_values": sum(file.rows_with_issues for file in files),
            "files": ", ".join(file.relative for file in files) or "nothing new",
        },
    )
