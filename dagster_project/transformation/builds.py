"""What the last build had seen that was published whole, and whether tonight's needs more than what
is new: the one row of `audit.builds`.

dbt reads the row (`stg_audit__builds`) to find what the new files touch. Whenever something other
than new files of orders decides about the tables, everything is built again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import date

import duckdb

from dagster_project.ingestion.formats import load_formats
from dagster_project.ingestion.ledger import ACTIVE
from dagster_project.last_run import decisive_inputs
from dagster_project.settings import Settings
from dagster_project.transformation.vars import LATEST

# Files of other entities (products, customers, reviews, …) decide about rows of any age.
INCREMENTAL_ENTITIES = frozenset({"orders", "order_lines", "refunds"})
# The expectations judge the tables, and the package's code publishes them.
_DECISIVE = ("settings", "dbt project", "installed libraries")


@dataclass(frozen=True)
class LastBuild:
    """The row of `audit.builds`.

    Attributes:
        epoch: number of builds that were published whole.
        batch_id: last load whose rows the build had seen; None before the first.
        as_of_date: of its marts; None before the first, and where there was no order.
        files: number of loaded files it had seen.
        decided_by: hash of what decides about tables besides files and date.
        is_rebuilding: a build of everything has begun and was not published.
    """

    epoch: int
    batch_id: int | None
    as_of_date: date | None
    files: int
    decided_by: str | None
    is_rebuilding: bool


@dataclass(frozen=True)
class Landed:
    """What stands in the ledger.

    Attributes:
        known_files: loaded files of loads that the last build had seen.
        new_entities: entities of loaded files of later loads.
        last_order_date: of the orders that the last build had seen; None when there was none.
    """

    known_files: int
    new_entities: frozenset[str]
    last_order_date: date | None


def why_everything(last: LastBuild, landed: Landed, decided_by: str, as_of: str) -> str | None:
    """Why everything has to be built again, in words; None when the new files say it all.

    Args:
        last: the last build.
        landed: what has come since.
        decided_by: hash of what decides about tables now.
        as_of: dbt's `as_of_date`: a day as YYYY-MM-DD, or `latest`.
    """
    if last.batch_id is None:
        return "nothing was ever published whole"
    if last.is_rebuilding:
        return "a build of everything was asked for, or has begun and is not published yet"
    if last.decided_by != decided_by:
        return "the dbt project, a setting or a library changed"
    if landed.known_files != last.files:
        return "a file was replaced or withdrawn"
    if others := sorted(landed.new_entities - INCREMENTAL_ENTITIES):
        return f"files of {', '.join(others)} came"
    if last.as_of_date is not None:
        # The latest day may be an earlier one, where the last build was for a day without orders.
        day = _iso(landed.last_order_date) if as_of == LATEST else as_of
        if day < last.as_of_date.isoformat():
            return f"{day or 'no day'} is before the last as-of date, {last.as_of_date}"
    return None


def plan_build(settings: Settings, decided_by: str, as_of: str) -> str | None:
    """`why_everything` for this warehouse; a build of everything is marked as begun.

    Args:
        settings: where the work database is.
        decided_by: from `decides_about_tables`.
        as_of: dbt's `as_of_date`.
    """
    with duckdb.connect(str(settings.work_db)) as connection:
        ensure_builds(connection)
        last = _read(connection)
        reason = why_everything(last, _landed(connection, last.batch_id), decided_by, as_of)
        if reason is not None:
            build_everything_next(connection)
    return reason


def complete_build(settings: Settings, decided_by: str) -> None:
    """Write down that what stands in the work database was published whole."""
    with duckdb.connect(str(settings.work_db)) as connection:
        connection.execute(
            """
            update audit.builds set
                epoch = epoch + 1,
                batch_id = (select coalesce(max(batch_id), 0) from raw.ingested_files),
                as_of_date = (select max(as_of_date) from intermediate.int_as_of),
                files = (select count(*) from raw.ingested_files where status = $active),
                decided_by = $decided_by,
                is_rebuilding = false
            """,
            {"active": ACTIVE, "decided_by": decided_by},
        )


def build_everything_next(connection: duckdb.DuckDBPyConnection) -> None:
    """Have the next build be one of everything.

    Args:
        connection: opened for writing on the work database.
    """
    ensure_builds(connection)
    connection.execute("update audit.builds set is_rebuilding = true")


def ensure_builds(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the table with its one row where it is missing, so that dbt can read it."""
    connection.execute(
        """
        create schema if not exists audit;
        create table if not exists audit.builds (
            epoch bigint not null, batch_id bigint, as_of_date date, files bigint not null,
            decided_by varchar, is_rebuilding boolean not null
        );
        insert into audit.builds
        select 0, null, null, 0, null, false where not exists (from audit.builds);
        """
    )


def decides_about_tables(settings: Settings) -> str:
    """One hash of everything that decides about tables besides files and date."""
    inputs = decisive_inputs(replace(settings, as_of_date=None))
    decisive = "\n".join(f"{name}={inputs[name]}" for name in _DECISIVE)
    return hashlib.sha256(decisive.encode()).hexdigest()


def _read(connection: duckdb.DuckDBPyConnection) -> LastBuild:
    row = connection.execute(
        "select epoch, batch_id, as_of_date, files, decided_by, is_rebuilding from audit.builds"
    ).fetchone()
    assert row is not None
    return LastBuild(*row)


def _landed(connection: duckdb.DuckDBPyConnection, seen: int | None) -> Landed:
    rows = connection.execute(
        "select batch_id, coalesce(format, '') from raw.ingested_files where status = ?", [ACTIVE]
    ).fetchall()
    entity_of = {one.name: one.entity for one in load_formats()}
    known, new = 0, set[str]()
    for batch_id, formats in rows:
        if seen is not None and batch_id <= seen:
            known += 1
        else:
            new |= {entity_of[name] for name in formats.split(", ") if name}
    return Landed(known, frozenset(new), last_order_date(connection))


def last_order_date(connection: duckdb.DuckDBPyConnection) -> date | None:
    """The last day with orders, as the facts of the last build have it; None without any."""
    built = connection.execute(
        # A view where Spark has built it.
        "select 1 from information_schema.tables where table_catalog = current_database() "
        "and table_schema = 'intermediate' and table_name = 'int_data_range'"
    ).fetchone()
    if built is None:
        return None
    row = connection.execute("select max(last_order_date) from intermediate.int_data_range")
    found = row.fetchone()
    return found[0] if found else None


def _iso(day: date | None) -> str:
    return day.isoformat() if day is not None else ""
