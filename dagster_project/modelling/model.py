"""What a model is to the pipeline: its tables, what it reads, how it is fitted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

SCHEMA = "modelling"

Fitted = Mapping[str, Mapping[str, Sequence[Any]]]
"""Table → column → values (lists or numpy arrays of one length), without `fitted_as_of`."""


@dataclass(frozen=True)
class Table:
    """A table of schema `modelling`.

    Attributes:
        name: dbt's source has it too.
        description: begins with what one row is.
        columns: name → SQL type, without `fitted_as_of`, which every table begins with.
    """

    name: str
    description: str
    columns: Mapping[str, str]

    @property
    def all_columns(self) -> dict[str, str]:
        """Its columns, `fitted_as_of` first."""
        return {"fitted_as_of": "DATE", **self.columns}


@dataclass(frozen=True)
class Model:
    """Something that is fitted once a month.

    Attributes:
        name: as in `modelling.model_versions`.
        method: changes whenever the same data would give another fit: a version made by another
            method counts as missing. Name the thresholds in it that a shop may change.
        reads: facts and dimensions it is fitted from, as `schema.table`.
        tables: what it writes.
        inputs: SQL that counts what a fit as of `$day` stands on. Must be cheap, it runs each
            night; 0 means that there is nothing to fit.
        fit: takes the work database, open for writing, and the first day of a month; looks at
            nothing from that day on. The same data must give the same result. A table that it
            leaves out gets no rows; too little data is no error. Imports what is slow to import
            itself.
        each_night: what is done with the version of a month on each night that the marts are scored
            with it, as texts that came today; None where the marts need nothing.
    """

    name: str
    method: str
    reads: tuple[str, ...]
    tables: tuple[Table, ...]
    inputs: str
    fit: Callable[[duckdb.DuckDBPyConnection, date], Fitted]
    each_night: Callable[[duckdb.DuckDBPyConnection, date], None] | None = None
