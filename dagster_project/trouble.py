"""What a person can do about an error of the machine: a full disk, a broken file, an open one.

Pure: texts of errors in, words out. The errors come from DuckDB, SQLite, PostgreSQL and the system,
and most reach the reader inside another library's, so they are told apart by their text.
"""

from __future__ import annotations

import re

# DuckDB and the system say the first, Dagster's history in SQLite the next two; the last but one is
# DuckDB's when what it spills would fill the disk.
_DISK_FULL = re.compile(
    r"No space left on device|database or disk is full|disk I/O error|max_temp_directory_size"
    r"|Disk quota exceeded"
)
_BROKEN_DATABASE = re.compile(
    r"not a valid DuckDB database file|Could not read enough bytes from file"
    r"|Corrupt database file|computed checksum \d+ does not match"
)
_IN_USE = re.compile(r"Could not set lock on file")


def is_disk_full(error: str) -> bool:
    """Whether an error says that a disk is full or broken: no second try helps by itself."""
    return _DISK_FULL.search(error) is not None


def is_broken_database(error: str) -> bool:
    """Whether an error says that a DuckDB file cannot be read any more."""
    return _BROKEN_DATABASE.search(error) is not None


def is_in_use(error: str) -> bool:
    """Whether an error says that another program has a DuckDB file open."""
    return _IN_USE.search(error) is not None


def what_to_do(error: str, work_db: str) -> str | None:
    """The next step for the person who reads an error, as one sentence or two; None when the error
    speaks for itself.

    Args:
        error: its text, with those of its causes.
        work_db: path of the work database.
    """
    if is_disk_full(error):
        return (
            "The disk is full, or cannot be written. Nothing that was published is lost: make room "
            "(docs/runbook.md, Disk) and start the night again."
        )
    if is_broken_database(error):
        return (
            f"A database file is broken. If the error names {work_db}, put the file from the last "
            "backup in its place, or move it away to have everything built again from landing/ "
            "(docs/runbook.md, The work database is broken); then start the night again."
        )
    if is_in_use(error):
        return (
            "Another program has the work database open. Close it and start the night again; BI "
            "tools belong on serving/marts.duckdb."
        )
    return None
