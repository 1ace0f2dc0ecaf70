"""Landing files into the raw tables: one transaction a file, all of it or nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import duckdb

from dagster_project.ingestion import ledger
from dagster_project.ingestion.inspect import (
    UNKNOWN_CONTENT,
    LandingPlan,
    PlannedFile,
    inspect_landing,
)
from dagster_project.ingestion.pseudonym import ensure_key, reading_context, use_key
from dagster_project.ingestion.raw_copy import hash_file, keep_raw_copy, remove_raw_copy
from dagster_project.ingestion.refusal import Refusal, RefusedFile, move_to_refused
from dagster_project.ingestion.table_load import (
    SCRATCH_PREFIX,
    Counts,
    Staged,
    insert_staged,
    stage_table,
)
from dagster_project.ingestion.tables import ensure_tables
from dagster_project.privacy.files import redact_loaded_file
from dagster_project.privacy.tokens import somebody_was_erased
from dagster_project.settings import Settings

__all__ = [
    "LoadReport",
    "ensure_tables",
    "forget",
    "load_files",
    "load_source",
    "refuse_unreadable",
]

Progress = Callable[[str], None]

NO_ROWS = Counts()


@dataclass(frozen=True)
class LoadedFile:
    """A file whose rows are in the raw tables now.

    Attributes:
        relative: path below the landing folder.
        source: its source.
        formats: its formats.
        rows: data rows, unreadable ones included.
        unreadable_rows: structurally broken rows and rows whose key values did not parse.
        rows_with_issues: rows with a value that did not parse.
        seconds: time taken.
        replaced: it took the place of an earlier content or definition.
        note: what the owner should know of it; None when nothing.
    """

    relative: str
    source: str
    formats: tuple[str, ...]
    rows: int
    unreadable_rows: int
    rows_with_issues: int
    seconds: float
    replaced: bool
    note: str | None = None


@dataclass(frozen=True)
class SkippedFile:
    """A file that changed nothing, and why."""

    relative: str
    reason: str


@dataclass(frozen=True)
class RefusedReport:
    """A file that was moved to the refused folder, and why."""

    relative: str
    refusal: Refusal


@dataclass(frozen=True)
class LoadReport:
    """What one call did.

    Attributes:
        batch_id: of the plan.
        loaded: files whose rows came in.
        skipped: files already loaded.
        refused: files moved to the refused folder.
        seconds: time of the whole call.
    """

    batch_id: int
    loaded: tuple[LoadedFile, ...]
    skipped: tuple[SkippedFile, ...]
    refused: tuple[RefusedReport, ...]
    seconds: float

    @property
    def rows(self) -> int:
        """Data rows that came in."""
        return sum(file.rows for file in self.loaded)


def load_files(
    settings: Settings,
    plan: LandingPlan | None = None,
    sources: set[str] | None = None,
    on_progress: Progress | None = None,
) -> LoadReport:
    """Load the landing folder (or the `sources` of it) into the raw tables; refuse what cannot be.

    Args:
        settings: where everything lives.
        plan: what `inspect_landing` found; None looks now.
        sources: names of sources; None means all. Unreadable files are refused in any case.
        on_progress: called with a line of text before and after each file.

    Raises:
        LandingError: the landing folder is missing or cannot be read.
    """
    started = time.perf_counter()
    plan = plan or inspect_landing(settings)
    report = on_progress or (lambda line: None)
    loaded: list[LoadedFile] = []
    skipped = [
        SkippedFile(relative, "it is still being written; the next load takes it")
        for relative in plan.unsettled
    ]
    with open_work_database(settings) as connection:
        refused = _refuse_all(connection, settings, plan)
        present = {file.sha256 for file in plan.files if file.in_landing}
        for file in plan.files:
            if file.refusal is not None or (sources is not None and file.source not in sources):
                continue
            outcome = _load_one(connection, settings, plan, file, present, report)
            if isinstance(outcome, LoadedFile):
                loaded.append(outcome)
            elif isinstance(outcome, SkippedFile):
                skipped.append(outcome)
            else:
                refused.append(outcome)
    return LoadReport(
        plan.batch_id, tuple(loaded), tuple(skipped), tuple(refused), time.perf_counter() - started
    )


def load_source(
    settings: Settings, plan: LandingPlan, source: str, on_progress: Progress | None = None
) -> LoadReport:
    """Load the files of one source of a plan."""
    return load_files(settings, plan, {source}, on_progress)


def refuse_unreadable(settings: Settings, plan: LandingPlan) -> LoadReport:
    """Create the raw tables and move the plan's unreadable files to the refused folder."""
    return load_files(settings, plan, set())


def forget(settings: Settings, source_file: str) -> int:
    """Delete a loaded file's rows and raw copy; the ledger remembers that it was forgotten.

    Args:
        settings: where everything lives.
        source_file: path below the landing folder, as the ledger has it.

    Returns:
        How many contents loaded under this path were forgotten; 0 when none was.
    """
    with open_work_database(settings) as connection:
        found = [
            entry
            for entry in ledger.find(connection, "", source_file)
            if entry.status == ledger.ACTIVE
        ]
        for entry in found:
            with _transaction(connection):
                ledger.retire(connection, entry, "forgotten")
            remove_raw_copy(settings.raw_dir, entry.sha256)
    return len(found)


@contextmanager
def open_work_database(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """The work database for writing, with its raw tables and the secret of the hashes."""
    settings.create_folders()
    with duckdb.connect(str(settings.work_db), config=settings.duckdb_config) as connection:
        # Times with an offset must not depend on the machine's zone.
        connection.execute("set TimeZone = 'UTC'")
        use_key(connection, ensure_key(settings))
        # This process holds the database, so whatever scratch lies here is a killed load's.
        for scratch in settings.work_dir.glob(f"{SCRATCH_PREFIX}*"):
            scratch.unlink()
        for spilled in settings.spill_dir.glob("duckdb_temp_*"):
            spilled.unlink()
        ensure_tables(connection)
        yield connection


def _refuse_all(
    connection: duckdb.DuckDBPyConnection, settings: Settings, plan: LandingPlan
) -> list[RefusedReport]:
    return [
        _refuse(connection, settings, plan, file, file.refusal)
        for file in plan.files
        if file.refusal is not None and _is_unchanged(file)
    ]


def _is_unchanged(file: PlannedFile) -> bool:
    """A mended file may have been dropped under the same name since the plan was made."""
    if not file.path.exists():
        return False
    return file.sha256 == UNKNOWN_CONTENT or hash_file(file.path)[0] == file.sha256


def _refuse(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    plan: LandingPlan,
    file: PlannedFile,
    refusal: Refusal,
) -> RefusedReport:
    known = any(
        entry.sha256 == file.sha256
        and entry.status == "refused"
        # Files that were not opened have nothing in common.
        and (file.sha256 != UNKNOWN_CONTENT or entry.source_file == file.relative)
        for entry in ledger.find(connection, file.sha256, file.relative)
    )
    if not known:
        ledger.insert(
            connection,
            _entry(settings, plan, file, status="refused", message=refusal.message),
        )
    move_to_refused(file.path, file.relative, refusal, settings.refused_dir)
    return RefusedReport(file.relative, refusal)


def _entry(
    settings: Settings,
    plan: LandingPlan,
    file: PlannedFile,
    status: str,
    message: str | None = None,
    counts: Counts = NO_ROWS,
) -> ledger.Entry:
    return ledger.Entry(
        file_id=file.file_id,
        batch_id=plan.batch_id,
        source=file.source,
        source_file=file.relative,
        sha256=file.sha256,
        bytes=file.bytes,
        rows=counts.rows,
        unreadable_rows=counts.unreadable,
        unparsed_values=counts.with_issues,
        format=", ".join(file.formats) or None,
        encoding=file.encoding,
        definition_hash=file.definition_hash(reading_context(settings)) if file.tables else None,
        exported_at=file.exported_at,
        loaded_at=datetime.now(UTC).replace(tzinfo=None),
        status=status,
        message=message,
    )


def _load_one(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    plan: LandingPlan,
    file: PlannedFile,
    present: set[str],
    report: Progress,
) -> LoadedFile | SkippedFile | RefusedReport:
    started = time.perf_counter()
    related = ledger.find(connection, file.sha256, file.relative)
    retiring, needed = _decide(related, present, file, reading_context(settings))
    if not needed:
        with _transaction(connection):
            for entry in retiring:
                ledger.retire(connection, entry, "replaced")
        return SkippedFile(file.relative, "this content is loaded already")
    report(f"{file.relative}: reading {file.bytes / 1e6:,.1f} MB as {', '.join(file.formats)}")
    mapping_text = file.mapping.text if file.mapping else None
    if not keep_raw_copy(file.path, file.sha256, mapping_text, settings.raw_dir):
        return SkippedFile(file.relative, "it changed while it was read; the next load takes it")
    without = _without_erased_persons(connection, settings, file)
    if without is not None:
        report(f"{file.relative}: somebody who was erased stands in it and was taken out")
        return _load_one(connection, settings, plan, without, present - {file.sha256}, report)
    counts = NO_ROWS
    staged: list[Staged] = []
    try:
        for planned in file.tables:
            staged.append(stage_table(connection, settings, file, planned))
        with _transaction(connection):
            for entry in retiring:
                ledger.retire(connection, entry, "replaced")
            for table in staged:
                counts += insert_staged(connection, plan.batch_id, file, table)
            ledger.insert(
                connection, _entry(settings, plan, file, ledger.ACTIVE, file.note, counts)
            )
    except RefusedFile as refused:
        if not file.in_landing:
            return SkippedFile(file.relative, f"its raw copy cannot be read again: {refused}")
        if all(entry.sha256 != file.sha256 for entry in retiring):
            remove_raw_copy(settings.raw_dir, file.sha256)
        return _refuse(connection, settings, plan, file, refused.refusal)
    finally:
        for table in staged:
            table.drop(connection)
    seconds = time.perf_counter() - started
    report(f"{file.relative}: {counts.rows:,} rows in {seconds:.1f} s")
    return LoadedFile(
        file.relative,
        file.source or "",
        file.formats,
        counts.rows,
        counts.unreadable,
        counts.with_issues,
        seconds,
        bool(retiring),
        file.note,
    )


def _without_erased_persons(
    connection: duckdb.DuckDBPyConnection, settings: Settings, file: PlannedFile
) -> PlannedFile | None:
    """The file rewritten without somebody who was erased earlier; None when nobody is in it."""
    if not somebody_was_erased(connection):
        return None
    try:
        redacted = redact_loaded_file(connection, settings, file)
    except RefusedFile:
        return None  # whoever reads it next says why
    if redacted is None:
        return None
    return replace(file, sha256=redacted.sha256, bytes=redacted.bytes)


def _decide(
    related: tuple[ledger.Entry, ...], present: set[str], file: PlannedFile, context: str
) -> tuple[list[ledger.Entry], bool]:
    """Which active entries give way to this file, and whether it has to be read at all.

    Content that is `present` in the landing folder under another name was renamed, not changed.
    """
    active = [entry for entry in related if entry.status == ledger.ACTIVE]
    changed = [
        entry for entry in active if entry.sha256 != file.sha256 and entry.sha256 not in present
    ]
    same = [entry for entry in active if entry.sha256 == file.sha256]
    definition = file.definition_hash(context)
    if any(entry.definition_hash == definition for entry in same):
        return changed, False
    return [*changed, *same], True


@contextmanager
def _transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    connection.begin()
    try:
        yield
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
