"""Looking for a person in every file of the warehouse."""

from __future__ import annotations

import gzip
import html
import json
import sqlite3
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import duckdb

from dagster_project.privacy.history import CUSTOMER_COLUMNS
from dagster_project.privacy.storage import SQLITE_MAGIC
from dagster_project.sql_text import sql_literal, sql_name

_CHUNK_BYTES = 1 << 22
_ENCODINGS = ("utf-8", "gb18030", "utf-16-le", "utf-16-be")
_DUCKDB_MAGIC_AT, _DUCKDB_MAGIC = 8, b"DUCK"


@dataclass
class Trace:
    """What was searched, and where something was left.

    Attributes:
        files: searched.
        tables: of databases, Parquet files and workbooks among them.
        found: one line for each place.
    """

    files: int = 0
    tables: int = 0
    found: list[str] = field(default_factory=list)


def search(
    root: Path, needles: Sequence[str], customers: Sequence[str], leave_out: Sequence[Path]
) -> Trace:
    """Search every file below `root`.

    Args:
        root: the warehouse.
        needles: values in lower case, looked for inside every text.
        customers: ids in the marts; looked for as whole values of customer columns, because a
            short id stands inside many a number.
        leave_out: files that are not searched.
    """
    trace = Trace()
    written = sorted({form for needle in needles for form in _written(needle)})
    for path in sorted(root.rglob("*")):
        if path in leave_out or not path.is_file() or path.is_symlink():
            continue
        trace.files += 1
        name = path.relative_to(root).as_posix()
        if _holds(path.open("rb"), written):
            trace.found.append(name)
        for place in _inside(path, trace, needles, written, customers):
            trace.found.append(f"{name}: {place}")
    return trace


def _written(needle: str) -> set[bytes]:
    """The bytes of a needle in every encoding, and as JSON and HTML write it."""
    texts = {needle, json.dumps(needle)[1:-1], html.escape(needle)}
    found = set()
    for text in texts:
        for encoding in _ENCODINGS:
            found.add(text.encode(encoding).lower())
    return found


def _holds(file: IO[bytes], written: Sequence[bytes]) -> bool:
    overlap = max(map(len, written), default=1) - 1
    held = b""
    with file:
        while chunk := file.read(_CHUNK_BYTES):
            block = (held + chunk).lower()
            if any(needle in block for needle in written):
                return True
            held = block[-overlap:] if overlap else b""
    return False


def _inside(
    path: Path,
    trace: Trace,
    needles: Sequence[str],
    written: Sequence[bytes],
    customers: Sequence[str],
) -> Iterator[str]:
    """Places inside a file whose bytes are packed."""
    with path.open("rb") as file:
        start = file.read(32)
    if start[_DUCKDB_MAGIC_AT:].startswith(_DUCKDB_MAGIC):
        yield from _in_duckdb(path, trace, needles, customers)
    elif start.startswith(b"PAR1"):
        with duckdb.connect(":memory:") as connection:
            relation = f"read_parquet({sql_literal(str(path))}, hive_partitioning = false)"
            yield from _in_relation(connection, relation, "rows", trace, needles, customers)
    elif start.startswith(SQLITE_MAGIC):
        yield from _in_sqlite(path, trace, needles)
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                trace.tables += 1
                if _holds(archive.open(member), written):
                    yield member
    elif start.startswith(b"\x1f\x8b"):
        with gzip.open(path) as file:
            if _holds(file, written):  # type: ignore[arg-type]
                yield "compressed text"


def _in_duckdb(
    path: Path, trace: Trace, needles: Sequence[str], customers: Sequence[str]
) -> Iterator[str]:
    with duckdb.connect(str(path), read_only=True) as connection:
        tables = connection.execute(
            "select database_name, schema_name, table_name from duckdb_tables() "
            "where database_name = current_database() order by all"
        ).fetchall()
        for table in tables:
            relation = ".".join(f'"{part}"' for part in table)
            yield from _in_relation(
                connection, relation, f"{table[1]}.{table[2]}", trace, needles, customers
            )


def _in_relation(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    name: str,
    trace: Trace,
    needles: Sequence[str],
    customers: Sequence[str],
) -> Iterator[str]:
    trace.tables += 1
    ids = ", ".join(map(sql_literal, customers))
    for column, type_, *_ in connection.execute(f"describe from {relation}").fetchall():
        quoted = sql_name(column)
        text = f"lower(cast({quoted} as varchar))"
        conditions = []
        if "VARCHAR" in type_ or "JSON" in type_:
            conditions = [f"contains({text}, {sql_literal(needle)})" for needle in needles]
        # Raw tables hold the sources' own ids, which another source may use for somebody else.
        if ids and column in CUSTOMER_COLUMNS and not name.startswith("raw."):
            conditions.append(f"cast({quoted} as varchar) in ({ids})")
        if not conditions:
            continue
        rows = connection.execute(
            f"select count(*) from {relation} where {' or '.join(conditions)}"
        ).fetchone()
        if rows and rows[0]:
            yield f"{name}.{column} ({rows[0]} rows)"


def _in_sqlite(path: Path, trace: Trace, needles: Sequence[str]) -> Iterator[str]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        tables = connection.execute("select name from sqlite_master where type = 'table'")
        for (table,) in tables.fetchall():
            trace.tables += 1
            for column in connection.execute(f'pragma table_info("{table}")').fetchall():
                held = " or ".join("instr(lower(cast(v as text)), ?) > 0" for _ in needles)
                rows = connection.execute(
                    f'select count(*) from (select "{column[1]}" as v from "{table}") '
                    f"where {held or '0'}",
                    list(needles),
                ).fetchone()
                if rows[0]:
                    yield f"{table}.{column[1]} ({rows[0]} rows)"
