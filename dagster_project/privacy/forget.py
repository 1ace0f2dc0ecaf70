"""Erasing one customer from everything below the warehouse, step by step.

Each step can be done again: whatever stops an erasure, the same command finishes it. What it is
about is kept in `work/erasing.json` until the proof has found nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from dagster_project.ingestion.loader import open_work_database
from dagster_project.ingestion.pseudonym import ensure_key, use_key
from dagster_project.privacy import person as persons
from dagster_project.privacy.dagster_database import find_in_database, scrub_database
from dagster_project.privacy.erase_tables import Erased, erase_marked, mark_rows
from dagster_project.privacy.exports import erase_exports
from dagster_project.privacy.files import redact_kept_files
from dagster_project.privacy.history import erase_from_history
from dagster_project.privacy.person import TOKENS, Person, find_person, write_tokens
from dagster_project.privacy.storage import rewrite_work_database, scrub_logs
from dagster_project.privacy.tokens import remember
from dagster_project.privacy.trace import Trace, search
from dagster_project.serving.state_record import erase_from_record
from dagster_project.settings import Settings
from dagster_project.transformation.builds import build_everything_next

Report = Callable[[str], None]


@dataclass(frozen=True)
class Erasure:
    """What was erased.

    Attributes:
        rows: in the raw tables, texts of broken rows among them.
        files: raw copies and landing files rewritten.
        history_files: Parquet files of earlier days rewritten.
        logs: databases, tables and text files of Dagster, dbt and the quality pages changed.
        unread: raw copies that could not be read and were left.
    """

    rows: int
    files: int
    history_files: int
    logs: int
    unread: tuple[str, ...]


def journal_path(settings: Settings) -> Path:
    """Where an unfinished erasure is kept."""
    return settings.work_dir / "erasing.json"


def whom(settings: Settings, asked: str) -> Person:
    """The customer that is meant; writes nothing but missing raw tables.

    Raises:
        NoSuchCustomer, SeveralCustomers, NothingBuilt: see `find_person`.
    """
    with open_work_database(settings) as connection:
        return find_person(connection, asked)


def unfinished(settings: Settings) -> Person | None:
    """The erasure that was begun and not finished, if there is one."""
    return persons.load(journal_path(settings))


def erase(settings: Settings, person: Person, report: Report) -> Erasure:
    """Erase a person from raw tables, files, history and logs; the marts are for the next run.

    Args:
        settings: where everything lives.
        person: from `whom` or `unfinished`.
        report: called with a line of text for each step.
    """
    persons.save(person, journal_path(settings))
    with open_work_database(settings) as connection:
        write_tokens(connection, person)
        # From here on whatever is loaded is compared with this person too.
        remember(connection, TOKENS)
        files, unread = redact_kept_files(connection, settings, person.needles, TOKENS, report)
        erased = _erase_rows(connection, person)
    report(f"raw tables: {erased.rows:,} rows, {erased.broken_rows:,} unreadable ones")
    history = erase_from_history(settings.history_dir, person.customers, person.needles)
    report(f"history: {history:,} files")
    exports = erase_exports(settings.audience_exports_dir, person.customers, person.needles)
    report(f"exported lists: {exports:,} deleted")
    rewrite_work_database(settings, person.needles)
    logs = _scrub(settings, person)
    report(f"logs and pages: {logs:,} files")
    return Erasure(erased.rows + erased.broken_rows, files, history, logs, tuple(unread))


def prove(settings: Settings, person: Person) -> Trace:
    """Search everything for the person; an erasure that left nothing is finished by it."""
    trace = search(
        settings.warehouse_dir,
        person.needles,
        person.customers,
        leave_out=[settings.pseudonym_key_path, journal_path(settings)],
    )
    with duckdb.connect(str(settings.work_db), config=settings.duckdb_config) as connection:
        use_key(connection, ensure_key(settings))
        write_tokens(connection, person)
        left = mark_rows(connection, TOKENS, with_orders=False)
    if left:
        trace.found.append(f"raw tables: {left} rows name the person")
    if (url := settings.cluster.postgres_url) is not None and person.needles:
        in_dagster = find_in_database(url, person.needles)
        trace.found.extend(f"Dagster's database: {column}" for column in in_dagster)
    return trace


def finish(settings: Settings) -> None:
    """Throw away what the erasure was about."""
    journal_path(settings).unlink(missing_ok=True)


def scrub_after_run(settings: Settings, person: Person) -> None:
    """The run that built the marts anew may have logged what an older file held."""
    _scrub(settings, person)


def _erase_rows(connection: duckdb.DuckDBPyConnection, person: Person) -> Erased:
    mark_rows(connection, TOKENS)
    connection.begin()
    try:
        erased = erase_marked(connection, needles=person.needles, tokens=TOKENS)
        erase_from_record(connection, person.customers)
        build_everything_next(connection)
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    connection.execute("checkpoint")
    return erased


def _scrub(settings: Settings, person: Person) -> int:
    needles = person.needles
    folders = [settings.dagster_home, settings.dbt_target_dir, settings.reports_dir]
    folders.append(settings.quality_results_dir)
    if not needles:
        return 0
    changed = scrub_logs(folders, needles)
    if (url := settings.cluster.postgres_url) is not None:
        changed += scrub_database(url, needles)
    return changed
