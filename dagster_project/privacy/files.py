"""The files of the landing and raw folders without the persons who were erased."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import duckdb

from dagster_project.ingestion import ledger
from dagster_project.ingestion.inspect import PlannedFile, kept_file, landing_files
from dagster_project.ingestion.raw_copy import hash_file, raw_path, remove_raw_copy
from dagster_project.ingestion.refusal import RefusedFile
from dagster_project.privacy.redact_files import Redacted, put_over, redact
from dagster_project.privacy.tokens import ERASED
from dagster_project.settings import Settings


def redact_kept_files(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    needles: Sequence[str],
    tokens: str,
    report: Callable[[str], None],
) -> tuple[int, list[str]]:
    """Redact every raw copy and what lies in the landing folder with the same content.

    For each file the new raw copy is written first, then the landing files, then the ledger, and
    the old copy goes last: a kill in between leaves files that the next call finishes.

    Returns:
        How many files were rewritten, and the raw copies that cannot be read today.
    """
    landed: dict[str, list[Path]] = {}
    for path in landing_files(settings.landing_dir):
        landed.setdefault(hash_file(path)[0], []).append(path)
    rewritten = 0
    unread: list[str] = []
    for entry in _kept(connection, settings):
        try:
            file = kept_file(entry, settings, connection)
            redacted = file and redact(connection, settings, file, needles, tokens)
        except RefusedFile as refused:
            unread.append(f"{entry.source_file}: {refused}")
            continue
        if file is None or redacted is None:
            continue
        for path in landed.get(entry.sha256, []):
            put_over(path, redacted.path)
        connection.execute(
            "update raw.ingested_files set sha256 = ?, bytes = ? where sha256 = ?",
            [redacted.sha256, redacted.bytes, entry.sha256],
        )
        remove_raw_copy(settings.raw_dir, entry.sha256)
        rewritten += 1
        report(f"rewrote {entry.source_file}")
    return rewritten, unread


def _kept(connection: duckdb.DuckDBPyConnection, settings: Settings) -> list[ledger.Entry]:
    """An entry for each raw copy, also for one that the ledger does not know (any more)."""
    known = {entry.sha256: entry for entry in ledger.entries(connection)}
    copies = {
        path.stem: path
        for path in sorted(settings.raw_dir.glob("*/*"))
        if not path.name.startswith(".") and not path.name.endswith(".mapping.yml")
    }
    return [known.get(sha256) or _unknown(sha256, path) for sha256, path in copies.items()]


def _unknown(sha256: str, path: Path) -> ledger.Entry:
    modified = datetime.fromtimestamp(path.stat().st_mtime)
    return ledger.Entry(
        file_id=0,
        batch_id=0,
        source=None,
        source_file=path.name,
        sha256=sha256,
        bytes=path.stat().st_size,
        rows=0,
        unreadable_rows=0,
        unparsed_values=0,
        format=None,
        encoding=None,
        definition_hash=None,
        exported_at=modified,
        loaded_at=modified,
        status="unknown",
        message=None,
    )


def redact_loaded_file(
    connection: duckdb.DuckDBPyConnection, settings: Settings, file: PlannedFile
) -> Redacted | None:
    """Redact a file that holds somebody who was erased earlier, while it is loaded."""
    redacted = redact(connection, settings, file, tokens=ERASED)
    if redacted is None:
        return None
    if file.in_landing and hash_file(file.path)[0] == file.sha256:
        put_over(file.path, redacted.path)
    old = raw_path(settings.raw_dir, file.sha256, file.path.suffix)
    if old != redacted.path:
        remove_raw_copy(settings.raw_dir, file.sha256)
    return redacted
