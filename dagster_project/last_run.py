"""Whether a nightly run has anything to do: what the last published run stood on and what it left.

`work/last_run.json` is written when a run begins, with everything that decides its tables, and
completed when it has published. A run that failed or was killed leaves it incomplete; whatever
else writes to the work database or the published files afterwards changes their signatures. Only
when everything is as that run left it is there nothing to do.

Imports neither Dagster, dbt nor Great Expectations: the question costs less than starting them.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from dagster_project.ingestion.inspect import landing_files
from dagster_project.ingestion.mapping import MAPPING_FILE_NAME
from dagster_project.ingestion.pseudonym import ensure_key, reading_context
from dagster_project.quality import suites
from dagster_project.settings import DBT_PROJECT_DIR, Settings
from dagster_project.sql_text import sql_literal

PACKAGE_DIR = Path(__file__).parent

# What Python and dbt write beside the sources while they run.
_BY_PRODUCTS = {"__pycache__", "target", "logs", "dbt_packages"}
# Held by a hash in `reading_context`, never in a file of its own.
_SECRET_SETTINGS = {"pseudonym_key"}
# They decide how a table is built, not what is in it.
_RESOURCES = {"duckdb_memory_limit", "duckdb_temp_dir"}
# They decide what leaves the warehouse after the tables are made, and who hears of trouble.
_OF_EXPORTS = {"export_contacts", "webhook_secret", "alerts"}
# They decide what is remembered of runs, and by whom they are started.
_OF_UPKEEP = {"keep_runs_days", "cluster"}

# When `mart_status` would say something else than it says (mart_status.sql): it counts the hours
# between two times by the full hours between them.
_FRESHNESS_CHANGED = """
with arrivals as (
    select source, max(loaded_at) as loaded_at
    from ingested_files
    where status in ('loaded', 'replaced') and source is not null
    group by source
),
changes as (
    select date_trunc('hour', loaded_at) + to_hours($fresh + 1) as changes_at from arrivals
    union all
    select date_trunc('hour', max(loaded_at)) + to_hours(2 * $fresh + 1) from arrivals
)
select count(*)
from changes
where changes_at > (select max(built_at) from mart_status) and changes_at <= $now
"""


@dataclass(frozen=True)
class LastRun:
    """The last run that began on the whole landing folder, for the latest day.

    Attributes:
        run_id: Dagster's.
        decisive: hash of each thing that decides the tables, besides the files: the settings, the
            code, the dbt project, the rules, the installed libraries.
        landing: signature of each data file and mapping, by path below the landing folder, as they
            were before the run looked at them.
        outputs: signature of the work database and of each published file, by path below the
            warehouse; empty until the run has published.
        published_at: when it had published, UTC; None for a run that did not come so far.
    """

    run_id: str
    decisive: Mapping[str, str]
    landing: Mapping[str, str]
    outputs: Mapping[str, str] = field(default_factory=dict)
    published_at: datetime | None = None


def why_run(settings: Settings, now: datetime | None = None) -> str | None:
    """What has changed since the last published run, in words; None when there is nothing to do.

    Args:
        settings: of the run that would start.
        now: UTC, without a zone; default: the present.
    """
    last = read(settings)
    if last is None or last.published_at is None:
        return "there is no earlier run that began and published with this landing folder"
    present = replace(
        last,
        decisive=decisive_inputs(settings),
        landing=landing_signatures(settings.landing_dir),
        outputs=output_signatures(settings),
    )
    change = difference(last, present)
    if change is not None:
        return change
    if _freshness_changed(settings, now or datetime.now(UTC).replace(tzinfo=None)):
        return "no file came for so long that the freshness in mart_status changes"
    return None


def difference(last: LastRun, present: LastRun) -> str | None:
    """The first difference that could make other tables; None when there is none.

    A data file that left the landing folder is none: its rows stay. A mapping that left is one.
    """
    for name, value in present.decisive.items():
        if last.decisive.get(name) != value:
            return f"the {name} changed"
    for path, signature in present.landing.items():
        if last.landing.get(path) != signature:
            return f"{path} is new or changed in the landing folder"
    for path in last.landing:
        if path not in present.landing and Path(path).name == MAPPING_FILE_NAME:
            return f"{path} left the landing folder"
    for path in sorted(last.outputs.keys() | present.outputs.keys()):
        if last.outputs.get(path) != present.outputs.get(path):
            return f"{path} is not as the last run left it"
    return None


def begin(settings: Settings, run_id: str) -> None:
    """Note what a run for the latest day will stand on, before it looks at the landing folder."""
    ensure_key(settings)  # the first load would make it, and the next night see another setting
    decisive, landing = decisive_inputs(settings), landing_signatures(settings.landing_dir)
    _write(settings, LastRun(run_id, decisive, landing))


def give_up(settings: Settings) -> None:
    """Forget the last run: one of another kind is going to write to the work database."""
    _path(settings).unlink(missing_ok=True)


def complete(settings: Settings, run_id: str) -> None:
    """Note that a run has published; nothing when it is not the one that began last."""
    last = read(settings)
    if last is None or last.run_id != run_id:
        return
    outputs, now = output_signatures(settings), datetime.now(UTC).replace(tzinfo=None)
    _write(settings, replace(last, outputs=outputs, published_at=now))


def read(settings: Settings) -> LastRun | None:
    """The last run that began; None when there is none, or its note cannot be read."""
    try:
        found = json.loads(_path(settings).read_text(encoding="utf-8"))
        published_at = found.pop("published_at")
        return LastRun(
            **found, published_at=datetime.fromisoformat(published_at) if published_at else None
        )
    except (OSError, ValueError, TypeError, KeyError):
        return None  # a run too many is harmless


def decisive_inputs(
    settings: Settings, package: Path = PACKAGE_DIR, dbt_project: Path = DBT_PROJECT_DIR
) -> dict[str, str]:
    """A hash of each thing that decides the tables, besides the files of the landing folder."""
    decided = [
        f"{one.name}={getattr(settings, one.name)!r}"
        for one in fields(settings)
        if one.name not in _SECRET_SETTINGS | _RESOURCES | _OF_EXPORTS | _OF_UPKEEP
    ]
    return {
        "settings": _hash([*decided, reading_context(settings)]),
        "code": _tree_hash(package),
        "dbt project": _tree_hash(dbt_project),
        "expectations": _tree_hash(suites.EXPECTATIONS_DIR),
        "installed libraries": _hash([sys.version, *_installed()]),
    }


def landing_signatures(landing: Path) -> dict[str, str]:
    """Signature of every data file and mapping, by path below `landing`."""
    mappings = (path for path in landing.rglob(MAPPING_FILE_NAME) if path.is_file())
    found = {
        path.relative_to(landing).as_posix(): _signature(path)
        for path in (*landing_files(landing), *mappings)
    }
    return dict(sorted(found.items()))


def output_signatures(settings: Settings) -> dict[str, str]:
    """Signature of what a published run leaves, by path below the warehouse."""
    paths = [
        settings.work_db,
        settings.work_db.with_name(settings.work_db.name + ".wal"),
        settings.serving_db,
        settings.reports_dir / "quality" / "index.html",
        *sorted(settings.parquet_dir.glob("*.parquet")),
    ]
    home = settings.warehouse_dir
    return {path.relative_to(home).as_posix(): _signature(path) for path in paths}


def _signature(path: Path) -> str:
    """Changes with every write: times of change cannot be set back as times of modification can."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        return "absent"
    return f"{stat.st_size} {stat.st_mtime_ns} {stat.st_ctime_ns}"


def _tree_hash(folder: Path) -> str:
    paths = sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and not _BY_PRODUCTS & set(path.relative_to(folder).parts)
    )
    return _hash(
        f"{path.relative_to(folder).as_posix()}\0{hashlib.sha256(path.read_bytes()).hexdigest()}"
        for path in paths
    )


def _installed() -> list[str]:
    """Names of the installed distributions with their versions, as their folders have them."""
    library = Path(duckdb.__file__).parent.parent
    return sorted(path.name for path in library.glob("*.dist-info"))


def _hash(texts: Iterable[str]) -> str:
    return hashlib.sha256("\x1f".join(texts).encode()).hexdigest()


def _freshness_changed(settings: Settings, now: datetime) -> bool:
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"attach {sql_literal(settings.serving_db)} as served (read_only)")
        connection.execute("use served.marts")
        found = connection.execute(
            _FRESHNESS_CHANGED, {"fresh": settings.fresh_hours, "now": now}
        ).fetchone()
    return bool(found and found[0])


def _path(settings: Settings) -> Path:
    return settings.work_dir / "last_run.json"


def _write(settings: Settings, run: LastRun) -> None:
    path = _path(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".tmp")
    unfinished.write_text(json.dumps(asdict(run), default=str, indent=1), encoding="utf-8")
    unfinished.replace(path)
