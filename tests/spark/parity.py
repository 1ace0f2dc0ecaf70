"""Whether two engines have published the same: every table, row by row, and its types.

Both nights publish into DuckDB, so both are read by DuckDB. Nothing is rounded: no column needs it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from tests.pipeline.hashes import RUN_LOG_COLUMNS, RUN_LOG_TABLES, table_hash


@dataclass(frozen=True)
class Compared:
    """What was found of one table.

    Attributes:
        table: its published name.
        rows: on the first and on the second engine.
        differs: columns whose values or types differ; empty when the tables are equal.
    """

    table: str
    rows: tuple[int, int]
    differs: tuple[str, ...]

    @property
    def is_equal(self) -> bool:
        """Whether rows, types and values are the same."""
        return not self.differs and self.rows[0] == self.rows[1]


def compare(first: Path, second: Path) -> list[Compared]:
    """Compare two files `serving/marts.duckdb`.

    Returns:
        One entry for each table that either has, by name.
    """
    with duckdb.connect() as connection:
        for name, path in (("first", first), ("second", second)):
            connection.execute(f"attach '{path}' as {name} (read_only)")
        tables = [
            {
                row[0]
                for row in connection.execute(
                    "select table_name from duckdb_tables() where database_name = ?", [name]
                ).fetchall()
            }
            for name in ("first", "second")
        ]
        return [
            _compare_table(connection, table)
            if table in tables[0] & tables[1]
            else Compared(table, (0, 0), ("published by one of them only",))
            for table in sorted((tables[0] | tables[1]) - RUN_LOG_TABLES)
        ]


def _compare_table(connection: duckdb.DuckDBPyConnection, table: str) -> Compared:
    relations = [f"{engine}.marts.{table}" for engine in ("first", "second")]
    found = [table_hash(connection, table, relation) for relation in relations]
    rows = (found[0][0], found[1][0])
    described = [
        {
            name: kind
            for name, kind, *_ in connection.execute(
                f"describe select * from {relation}"
            ).fetchall()
        }
        for relation in relations
    ]
    types = [
        f"{name} ({described[0].get(name)}, {described[1].get(name)})"
        for name in {**described[0], **described[1]}
        if described[0].get(name) != described[1].get(name)
    ]
    if found[0] == found[1] or types:
        return Compared(table, rows, tuple(types))
    return Compared(table, rows, _columns_that_differ(connection, table, relations))


def _columns_that_differ(
    connection: duckdb.DuckDBPyConnection, table: str, relations: list[str]
) -> tuple[str, ...]:
    """Columns whose values differ as sets; `the rows` when only their combination does."""
    differ = []
    for name, *_ in connection.execute(f"describe select * from {relations[0]}").fetchall():
        if name in RUN_LOG_COLUMNS.get(table, set()):
            continue
        counted = connection.execute(
            f"select count(*) from (select {name} from {relations[0]} "
            f"except all select {name} from {relations[1]})"
        ).fetchone()
        if counted and counted[0]:
            differ.append(f"{name} ({counted[0]} values)")
    return tuple(differ or ["the rows"])
