"""Looking at what the last night left: Dagster's history, the results of the rules, the files."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import duckdb

from dagster_project import last_run
from dagster_project.alerts import shell_night
from dagster_project.alerts.observed import (
    BrokenRule,
    FailedStep,
    Night,
    Observed,
    Outcome,
    Published,
    Refused,
)
from dagster_project.quality.results import row_names
from dagster_project.settings import Settings
from dagster_project.sql_text import sql_literal
from dagster_project.work_lock import is_held_elsewhere

if TYPE_CHECKING:
    import dagster as dg
    from dagster._core.utils.error import SerializableErrorInfo  # type: ignore[import-not-found]

REASON_ENDING = ".reason.txt"
_KEYS_SHOWN = 3
_NIGHTS_LOOKED_AT = 20

_RULES = """
select severity, table_name, rule, unexpected_count, sample, reason
from audit.quality_log
where run_id = $run_id and not passed
order by case severity when 'critical' then 1 when 'warning' then 2 else 3 end, table_name, rule
"""

_MENDED = """
select source_file, max(loaded_at)
from raw.ingested_files
where status in ('loaded', 'replaced')
group by source_file
"""

_PUBLISHED = """
select max(as_of_date), max(built_at), max(freshness), max(late_sources)
from published.marts.mart_status
"""


def observe(
    settings: Settings, now: datetime, instance: dg.DagsterInstance | None
) -> Observed | None:
    """Look at the warehouse as it is now; writes nothing.

    Args:
        settings: where everything lives.
        now: the moment, with a zone.
        instance: Dagster's; None when Dagster itself could not be started.

    Returns:
        None while another process works on the warehouse: it is looked at when that has ended.
    """
    if is_held_elsewhere(settings):
        return None
    night = _last_night(settings, instance)
    checked = _run_with_checks(settings, night)
    unreadable = []
    rules: tuple[BrokenRule, ...] = ()
    mended: dict[str, datetime] = {}
    published = None
    try:
        rules, mended = _read_work(settings, checked)
    except duckdb.Error as error:
        if _is_open_elsewhere(error):
            return None
        # This process may still have it open for writing, after a step that failed.
        if not isinstance(error, duckdb.ConnectionException):
            unreadable.append(settings.work_db)
    try:
        published = _published(settings)
    except duckdb.Error:
        unreadable.append(settings.serving_db)
    if instance is not None and checked is not None:
        known = {(rule.table, rule.rule) for rule in rules}
        others = _other_checks(instance, checked)
        rules += tuple(rule for rule in others if (rule.table, rule.rule) not in known)
    return Observed(
        now=now,
        night=night,
        rules=rules,
        refused=_refused(settings, mended),
        published=published,
        unreadable=tuple(p.relative_to(settings.warehouse_dir).as_posix() for p in unreadable),
        confirmed_at=_confirmed_at(instance) if instance is not None else None,
    )


def _last_night(settings: Settings, instance: dg.DagsterInstance | None) -> Night | None:
    """The night that ended last, from the daemon's runs or from the shell's note."""
    run = _last_run(instance) if instance is not None else None
    note = shell_night.read(settings)
    broke_off = note is not None and (not note.ended or note.error is not None)
    if note is not None and broke_off and (run is None or note.began_at > run.began_at):
        return Night(note.began_at, Outcome.BROKE_OFF, error=note.error)
    return run


def _last_run(instance: dg.DagsterInstance) -> Night | None:
    import dagster as dg

    from dagster_project.automation.names import NIGHTLY
    from dagster_project.transformation.vars import is_history

    ended = instance.get_run_records(
        dg.RunsFilter(
            job_name=NIGHTLY, statuses=[dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]
        ),
        limit=_NIGHTS_LOOKED_AT,
    )
    for record in ended:
        run = record.dagster_run
        if "dagster/backfill" in run.tags:
            continue  # days of a history; who started them looks at them
        day = run.tags.get("dagster/partition")
        began = record.start_time or record.create_timestamp.timestamp()
        failed = run.status == dg.DagsterRunStatus.FAILURE
        return Night(
            began_at=datetime.fromtimestamp(began, UTC),
            outcome=Outcome.FAILED if failed else Outcome.SUCCEEDED,
            as_of=day if is_history(day) else None,
            run_id=run.run_id,
            failed_steps=_failed_steps(instance, run.run_id) if failed else (),
        )
    return None


def _failed_steps(instance: dg.DagsterInstance, run_id: str) -> tuple[FailedStep, ...]:
    import dagster as dg

    found = []
    for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_FAILURE):
        event = entry.get_dagster_event()
        found.append(FailedStep(event.step_key or "?", _class_of(event.step_failure_data.error)))
    return tuple(found)


def _class_of(error: SerializableErrorInfo | None) -> str:
    """The class of what was raised first; nothing of its text."""
    while error is not None and error.cause is not None:
        error = error.cause
    name = (error.cls_name or "") if error is not None else ""
    return name if re.fullmatch(r"\w+", name) else "error"


def _run_with_checks(settings: Settings, night: Night | None) -> str | None:
    """The run whose checks stand: a night with nothing new made none."""
    if night is None:
        return None
    last = last_run.read(settings)
    if night.outcome == Outcome.SUCCEEDED and last is not None and last.published_at is not None:
        return last.run_id
    return night.run_id


def _read_work(
    settings: Settings, run_id: str | None
) -> tuple[tuple[BrokenRule, ...], dict[str, datetime]]:
    """The rules that a run found broken, and when each file's rows came in last (UTC)."""
    if not settings.work_db.is_file():
        return (), {}
    with duckdb.connect(str(settings.work_db), read_only=True) as connection:
        broken, mended = [], []
        if run_id is not None and _has(connection, "audit", "quality_log"):
            broken = connection.execute(_RULES, {"run_id": run_id}).fetchall()
        if _has(connection, "raw", "ingested_files"):
            mended = connection.execute(_MENDED).fetchall()
    rules = tuple(
        BrokenRule(
            severity, table, rule, rows, row_names(sample, _KEYS_SHOWN), " ".join(reason.split())
        )
        for severity, table, rule, rows, sample, reason in broken
    )
    return rules, dict(mended)


def _is_open_elsewhere(error: duckdb.Error) -> bool:
    """Whether another process, such as a person's SQL client, has it open for writing."""
    return isinstance(error, duckdb.IOException) and "lock" in str(error)


def _has(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> bool:
    found = connection.execute(
        "select 1 from duckdb_tables() where schema_name = ? and table_name = ?", [schema, table]
    )
    return found.fetchone() is not None


def _other_checks(instance: dg.DagsterInstance, run_id: str) -> tuple[BrokenRule, ...]:
    """Tests of dbt, and connections that did not answer."""
    import dagster as dg

    found = []
    for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION):
        check = entry.get_dagster_event().asset_check_evaluation_data
        if check.passed:
            continue
        count = check.metadata.get("dagster_dbt/failed_row_count")
        found.append(
            BrokenRule(
                "critical" if check.severity == dg.AssetCheckSeverity.ERROR else "warning",
                ".".join(check.asset_key.path),
                check.check_name,
                rows=count.value if isinstance(count, dg.IntMetadataValue) else None,
            )
        )
    return tuple(found)


def _refused(settings: Settings, mended: Mapping[str, datetime]) -> tuple[Refused, ...]:
    """Files in the refused folder that no later file of the same name has made good."""
    found = []
    for reason in sorted(settings.refused_dir.rglob(f"*{REASON_ENDING}")):
        stat = reason.stat()
        path = reason.relative_to(settings.refused_dir).as_posix().removesuffix(REASON_ENDING)
        refused_at = datetime.fromtimestamp(stat.st_mtime, UTC).replace(tzinfo=None)
        if path not in mended or mended[path] <= refused_at:
            written = f"{path}\0{stat.st_size}\0{stat.st_mtime_ns}"
            found.append(Refused(path, hashlib.sha256(written.encode()).hexdigest()[:8]))
    return tuple(found)


def _published(settings: Settings) -> Published | None:
    if not settings.serving_db.is_file():
        return None
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"attach {sql_literal(settings.serving_db)} as published (read_only)")
        row = connection.execute(_PUBLISHED).fetchone()
    if row is None or row[1] is None:
        return None
    as_of, built_at, freshness, late = row
    return Published(
        as_of=str(as_of) if as_of else None,
        built_at=built_at.replace(tzinfo=UTC),
        freshness=freshness or "fresh",
        late_sources=tuple(late.split(", ")) if late else (),
    )


def _confirmed_at(instance: dg.DagsterInstance) -> datetime | None:
    """When a night last replaced the published marts, or found that nothing was new for them."""
    from dagster_project.automation.names import PUBLISHED_KEY

    recent = instance.fetch_materializations(PUBLISHED_KEY, limit=_NIGHTS_LOOKED_AT)
    for record in recent.records:
        materialization = record.asset_materialization
        if materialization is None:
            continue
        said = materialization.metadata
        # A day of a history leaves the published marts as they are.
        if any(name in said and said[name].value for name in ("replaced_current", "nothing_new")):
            return datetime.fromtimestamp(record.timestamp, UTC)
    return None
