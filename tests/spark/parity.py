"""Whether two engines have published the same: every table, row by row, and its types.

Both nights publish into DuckDB, so both are read by DuckDB. Nothing is rounded but the columns of
`tolerances.yml`, each with a reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import yaml

from tests.pipeline.hashes import RUN_LOG_COLUMNS, RUN_LOG_TABLES, table_hash

TOLERANCES = Path(__file__).with_name("tolerances.yml")


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


def read_tolerances() -> dict[str, dict[str, int]]:
    """Digits behind the point that are compared, by table and column."""
    read = yaml.safe_load(TOLERANCES.read_text(encoding="utf-8"))
    return {table: {name: int(one["digits"]) for name, one in columns.items()}
            for table, columns in read.items()}  # fmt: skip


def compare(first: Path, second: Path) -> list[Compared]:
    """Compare two files `serving/marts.duckdb`.

    Returns:
        One entry for each table that either has, by name.
    """
    tolerances = read_tolerances()
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
            _compare_table(connection, table, tolerances.get(table, {}))
            if table in tables[0] & tables[1]
            else Compared(table, (0, 0), ("published by one of them only",))
            for table in sorted((tables[0] | tables[1]) - RUN_LOG_TABLES)
        ]


def _compare_table(
    connection: duckdb.DuckDBPyConnection, table: str, digits: Mapping[str, int]
) -> Compared:
    relations = [f"{engine}.marts.{table}" for engine in ("first", "second")]
    found = [table_hash(connection, table, relation, digits) for relation in relations]
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
    return Compared(table, rows, _columns_that_differ(connection, table, relations, digits))


def _columns_that_differ(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    relations: list[str],
    digits: Mapping[str, int],
) -> tuple[str, ...]:
    """Columns whose values differ as sets; `the rows` when only their combination does."""
    differ = []
    for name, *_ in connection.execute(f"describe select * from {relations[0]}").fetchall():
        if name in RUN_LOG_COLUMNS.get(table, set()):
            continue
        value = f"round({name}, {digits[name]})" if name in digits else name
        counted = connection.execute(
            f"select count(*) from (select {value} from {relations[0]} "
            f"except all select {value} from {relations[1]})"
        ).fetchone()
        if counted and counted[0]:
            differ.append(f"{name} ({counted[0]} values)")
    return tuple(differ or ["the rows"])
