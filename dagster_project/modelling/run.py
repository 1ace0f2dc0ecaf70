"""Fitting what is missing for an as-of date."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import duckdb

from dagster_project.modelling import versions
from dagster_project.modelling.model import Model
from dagster_project.transformation.builds import last_order_date
from dagster_project.transformation.vars import LATEST


def as_of_day(connection: duckdb.DuckDBPyConnection, as_of: str) -> date | None:
    """The day that dbt's `as_of_date` stands for, None when there is no order yet.

    Args:
        connection: to the work database, with the facts built.
        as_of: a day as YYYY-MM-DD, or `latest`.
    """
    return last_order_date(connection) if as_of == LATEST else date.fromisoformat(as_of)


def fit_missing(
    connection: duckdb.DuckDBPyConnection,
    model: Model,
    as_of: str,
    say: Callable[[str], object] = lambda text: None,
) -> dict[str, int]:
    """Fit a model for the month of an as-of date, unless its version is there.

    Args:
        connection: opened for writing on the work database, with the facts built.
        model: to be fitted.
        as_of: dbt's `as_of_date`.
        say: told what is done and why.

    Returns:
        Rows written per table; empty when nothing was fitted.
    """
    versions.ensure_tables(connection, model.tables)
    as_of_date = as_of_day(connection, as_of)
    if as_of_date is None:
        say("no order yet, so nothing to fit")
        return {}
    day = versions.fitting_day(as_of_date)
    rows = _fit_one(connection, model, day, say)
    if model.each_night is not None:
        model.each_night(connection, day)
    return rows


def _fit_one(
    connection: duckdb.DuckDBPyConnection, model: Model, day: date, say: Callable[[str], object]
) -> dict[str, int]:
    inputs = versions.count_inputs(connection, model, day)
    reason = versions.why_fit(
        versions.read_version(connection, model.name, day), model.method, inputs
    )
    if reason is None:
        say(f"the version of {day} stands")
        return {}
    say(f"fits as of {day} from {inputs:,} inputs: {reason}")
    fitted = model.fit(connection, day) if inputs else {}
    return versions.write_version(connection, model, day, inputs, fitted)
