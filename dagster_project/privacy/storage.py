"""What databases and logs keep of a value after its row is gone."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path

import duckdb

from dagster_project.privacy.erase_tables import ERASED_TEXT
from dagster_project.privacy.history import replaced
from dagster_project.settings import Settings
from dagster_project.sql_text import sql_literal

SQLITE_MAGIC = b"SQLite format 3\0"
# What the pipeline writes itself and a run does not make anew.
_KEPT_SCHEMAS = ("raw", "audit")


def rewrite_work_database(settings: Settings, needles: Sequence[str]) -> None:
    """Copy the raw tables and the quality log to a new file that takes the old one's place.

    A database file keeps deleted values in free blocks until they are written over. All models
    are left out: the next run builds them, and so are Spark's files of them.
    """
    new = settings.work_db.with_name("rewritten.duckdb")
    new.unlink(missing_ok=True)
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"attach {sql_literal(settings.work_db)} as old (read_only)")
        connection.execute(f"attach {sql_literal(str(new))} as new")
        tables = connection.execute(
            "select schema_name, table_name, sql from duckdb_tables() "
            f"where database_name = 'old' and schema_name in {_KEPT_SCHEMAS}"
        ).fetchall()
        connection.execute("use new")
        for schema in _KEPT_SCHEMAS:
            connection.execute(f"create schema if not exists {schema}")
        for schema, table, definition in tables:
            connection.execute(definition.replace("old.", "", 1))
            columns = connection.execute(f"describe old.{schema}.{table}").fetchall()
            values = [
                replaced(f'"{name}"', needles)
                if schema == "audit" and type_ == "VARCHAR"
                else f'"{name}"'
                for name, type_, *_ in columns
            ]
            connection.execute(
                f"insert into new.{schema}.{table} select {', '.join(values)} "
                f"from old.{schema}.{table}"
            )
        connection.execute("use memory")
        connection.execute("detach old")
        connection.execute("detach new")
    with new.open("rb") as file:
        os.fsync(file.fileno())
    new.replace(settings.work_db)
    settings.work_db.with_name(settings.work_db.name + ".wal").unlink(missing_ok=True)
    lake = (settings.lake_inputs_dir, settings.lake_tables_dir, settings.lake_views_dir)
    for folder in (*lake, settings.spark_dir):
        shutil.rmtree(folder, ignore_errors=True)


def scrub_logs(folders: Iterable[Path], needles: Sequence[str]) -> int:
    """Replace the needles in Dagster's databases and in text files; returns the files changed."""
    scrub = _Scrubber(needles)
    changed = 0
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if not path.is_file():
                continue
            with path.open("rb") as file:
                is_sqlite = file.read(len(SQLITE_MAGIC)) == SQLITE_MAGIC
            if is_sqlite:
                changed += _scrub_sqlite(path, scrub)
            else:
                changed += _scrub_text(path, scrub)
    return changed


def pattern_of(needles: Sequence[str]) -> str:
    """A regular expression for the needles, as they are and as logs and pages escape them."""
    escaped = {needle.encode("unicode_escape").decode("ascii") for needle in needles}
    longest_first = sorted({*needles, *escaped}, key=lambda needle: (-len(needle), needle))
    return "|".join(map(re.escape, longest_first))


class _Scrubber:
    def __init__(self, needles: Sequence[str]) -> None:
        self._pattern = re.compile(pattern_of(needles), re.IGNORECASE)

    def __call__(self, text: str) -> str:
        return self._pattern.sub(ERASED_TEXT, text)


def _scrub_text(path: Path, scrub: _Scrubber) -> int:
    try:
        before = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return 0
    after = scrub(before)
    if after == before:
        return 0
    path.write_text(after, encoding="utf-8")
    return 1


def _scrub_sqlite(path: Path, scrub: _Scrubber) -> int:
    with closing(sqlite3.connect(path)) as connection:
        connection.create_function("scrub", 1, lambda v: scrub(v) if isinstance(v, str) else v)
        before = connection.total_changes
        tables = connection.execute("select name from sqlite_master where type = 'table'")
        for (table,) in tables.fetchall():
            for column in connection.execute(f'pragma table_info("{table}")').fetchall():
                name = column[1]
                connection.execute(
                    f'update "{table}" set "{name}" = scrub("{name}") '
                    f'where typeof("{name}") = \'text\' and scrub("{name}") <> "{name}"'
                )
        connection.commit()
        changed = connection.total_changes > before
        if changed:
            connection.execute("vacuum")
            connection.execute("pragma wal_checkpoint(truncate)")
    return int(changed)
