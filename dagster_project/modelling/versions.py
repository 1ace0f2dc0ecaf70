"""Which versions of a model there are, when one is missing, and how one is written.

A version belongs to the first day of a month and rests on data from before that day. It is kept:
the marts of a past date are scored with the version of its month, today or in a year.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from dagster_project.modelling.model import SCHEMA, Fitted, Model, Table

VERSIONS = Table(
    "model_versions",
    "One row per model and month it was fitted for, also where there was too little to fit.",
    {"model": "VARCHAR", "method": "VARCHAR", "inputs": "BIGINT"},
)

# A history that lands in pieces must not leave a shop with a month of predictions from the first
# piece, and a few late orders must not move everybody's figures in the middle of a month.
_GROWTH_THAT_FITS_AGAIN = 0.1


@dataclass(frozen=True)
class Version:
    """A row of `modelling.model_versions`: by which method, and from how much, it was fitted."""

    method: str
    inputs: int


def fitting_day(as_of: date) -> date:
    """The day whose version an as-of date is scored with: the first of its month."""
    return as_of.replace(day=1)


def why_fit(version: Version | None, method: str, inputs: int) -> str | None:
    """Why a model has to be fitted, in words; None when the version stands.

    Args:
        version: what there is for the month.
        method: of the model now.
        inputs: what a fit would stand on now.
    """
    if version is None:
        return "there is no version for this month"
    if version.method != method:
        return "it is fitted in another way now"
    if abs(inputs - version.inputs) > _GROWTH_THAT_FITS_AGAIN * version.inputs:
        return f"it was fitted from {version.inputs:,} inputs, and there are {inputs:,} by now"
    return None


def ensure_tables(connection: duckdb.DuckDBPyConnection, tables: tuple[Table, ...]) -> None:
    """Create each table that is missing, so that dbt can read it.

    A table whose columns are defined anew is made anew, empty, and all versions count as missing.

    Args:
        connection: opened for writing on the work database.
        tables: of all models, or of one.
    """
    connection.execute(f"create schema if not exists {SCHEMA}")
    for table in (VERSIONS, *tables):
        standing, wanted = _columns(connection, table.name), list(table.all_columns.items())
        if standing and standing != wanted:
            connection.execute(f"drop table {SCHEMA}.{table.name}")
            if table is not VERSIONS:
                connection.execute(f"delete from {SCHEMA}.{VERSIONS.name}")
        columns = ", ".join(f"{name} {type_}" for name, type_ in wanted)
        connection.execute(f"create table if not exists {SCHEMA}.{table.name} ({columns})")


def read_version(connection: duckdb.DuckDBPyConnection, model: str, day: date) -> Version | None:
    """The version of a model for a month, None when there is none."""
    row = connection.execute(
        f"select method, inputs from {SCHEMA}.{VERSIONS.name} "
        "where model = $model and fitted_as_of = $day",
        {"model": model, "day": day},
    ).fetchone()
    return Version(*row) if row else None


def count_inputs(connection: duckdb.DuckDBPyConnection, model: Model, day: date) -> int:
    """What a fit as of a day stands on."""
    row = connection.execute(model.inputs, {"day": day}).fetchone()
    return int(row[0]) if row else 0


def write_version(
    connection: duckdb.DuckDBPyConnection, model: Model, day: date, inputs: int, fitted: Fitted
) -> dict[str, int]:
    """Replace a model's version of a month, all its tables or none; returns rows per table.

    Args:
        connection: opened for writing on the work database.
        model: whose version it is.
        day: the first day of the month.
        inputs: from `count_inputs`.
        fitted: from the model's `fit`.

    Raises:
        ValueError: `fitted` names a table that the model does not have.
    """
    tables = {table.name: table for table in model.tables}
    if unknown := sorted(fitted.keys() - tables.keys()):
        raise ValueError(f"model {model.name} has no table {', '.join(unknown)}")
    connection.begin()
    try:
        for name in tables:
            connection.execute(f"delete from {SCHEMA}.{name} where fitted_as_of = ?", [day])
        for name, columns in fitted.items():
            _insert(connection, tables[name], day, columns)
        connection.execute(
            f"delete from {SCHEMA}.{VERSIONS.name} where model = ? and fitted_as_of = ?",
            [model.name, day],
        )
        connection.execute(
            f"insert into {SCHEMA}.{VERSIONS.name} by name "
            "select $day as fitted_as_of, $model as model, $method as method, $inputs as inputs",
            {"day": day, "model": model.name, "method": model.method, "inputs": inputs},
        )
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    return {name: len(next(iter(columns.values()))) for name, columns in fitted.items()}


def _insert(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    day: date,
    columns: Mapping[str, Sequence[Any]],
) -> None:
    arrays = {name: _readable(np.asarray(values)) for name, values in columns.items()}
    connection.register("fitted_columns", arrays)
    try:
        names = ", ".join(table.columns)
        connection.execute(
            f"insert into {SCHEMA}.{table.name} (fitted_as_of, {names}) "
            f"select cast(? as date), {names} from fitted_columns",
            [day],
        )
    finally:
        connection.unregister("fitted_columns")


def _readable(values: NDArray[Any]) -> NDArray[Any]:
    """DuckDB takes text as objects and days as times only."""
    kinds = {"U": "O", "M": "datetime64[us]"}
    return values.astype(kinds.get(values.dtype.kind, values.dtype))


def _columns(connection: duckdb.DuckDBPyConnection, name: str) -> list[tuple[str, str]]:
    return connection.execute(
        "select column_name, data_type from duckdb_columns() where database_name = "
        "current_database() and schema_name = ? and table_name = ? order by column_index",
        [SCHEMA, name],
    ).fetchall()
