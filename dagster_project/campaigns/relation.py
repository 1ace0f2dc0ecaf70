"""Rows of dbt's tables as dataclasses and back, for the Python models of the dbt project."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import astuple, fields
from typing import Any, TypeVar

Row = TypeVar("Row")


def read_rows(relation: Any, row_type: type[Row]) -> list[Row]:
    """The rows of a small table.

    Args:
        relation: what `dbt.ref` returns.
        row_type: a dataclass whose fields are columns of it; the others are left.

    Returns:
        One instance for each row, in no order.
    """
    names = [field.name for field in fields(row_type)]  # type: ignore[arg-type]
    return [row_type(*values) for values in fetch(relation.select(*names))]


def fetch(relation: Any) -> list[tuple[Any, ...]]:
    """All rows of a small relation, of DuckDB or of Spark."""
    rows = relation.fetchall() if hasattr(relation, "fetchall") else relation.collect()
    return [tuple(row) for row in rows]


def write_rows(session: Any, columns: Mapping[str, str], rows: Iterable[Any]) -> Any:
    """A table with typed columns, also where there are no rows.

    Args:
        session: dbt's connection to DuckDB, or its Spark session.
        columns: name and SQL type (one that both engines know), in the order of the dataclass's
            fields.
        rows: instances of a dataclass.

    Returns:
        What a Python model returns.
    """
    typed = ", ".join(f"{name} {sql_type}" for name, sql_type in columns.items())
    values = [astuple(row) for row in rows]
    if hasattr(session, "createDataFrame"):
        return session.createDataFrame(values, typed)
    session.execute(f"create or replace temporary table results ({typed})")
    if values:
        places = ", ".join("?" for _ in columns)
        session.executemany(f"insert into results values ({places})", values)
    return session.table("results")
