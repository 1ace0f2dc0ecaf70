"""Tables and views of PostgreSQL as dlt resources, every value as the text PostgreSQL prints."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dlt
import sqlalchemy as sa
from dlt.extract import DltResource
from dlt.sources.sql_database import sql_table

from dagster_project.connections.cursor import CURSOR_COLUMN, incremental
from dagster_project.connections.files import Connection, Cursor, Resource

_CHUNK_ROWS = 50_000
_CONNECT_SECONDS = 15
_CURSOR_TYPES = {
    "time": (sa.DateTime,),
    "date": (sa.Date,),
    "number": (sa.Integer, sa.Numeric),
}


class WrongTableError(ValueError):
    """The table does not have what the connection file says of it."""


def postgres_engine(connection: Connection) -> sa.Engine:
    """An engine whose sessions only read, and see and print times in UTC."""
    return sa.create_engine(
        "postgresql+psycopg://",
        connect_args={
            **connection.login,
            "connect_timeout": _CONNECT_SECONDS,
            "options": "-c default_transaction_read_only=on -c TimeZone=UTC -c DateStyle=ISO",
        },
        poolclass=sa.NullPool,
    )


def postgres_source(connection: Connection) -> Any:
    """A dlt source with one resource for each table; connects only when it is read."""
    engine = postgres_engine(connection)
    resources = [_resource(engine, resource) for resource in connection.resources]

    @dlt.source(name=connection.name)
    def tables() -> list[DltResource]:
        return resources

    return tables()


def _resource(engine: sa.Engine, resource: Resource) -> DltResource:
    schema, _, table = resource.table.rpartition(".")
    made = sql_table(
        credentials=engine,
        table=table,
        schema=schema or None,
        incremental=incremental(resource.cursor, row_order="asc"),
        chunk_size=_CHUNK_ROWS,
        backend="pyarrow",
        defer_table_reflect=True,
        table_adapter_callback=_as_text(resource),
    )
    made = made.with_name(resource.name)
    made.apply_hints(table_name=resource.name)
    return made


def _as_text(resource: Resource) -> Callable[[sa.Table], sa.Subquery]:
    """Only the mapped columns, cast to text, and the cursor in its own type.

    Text keeps what the database holds: an id of 20 digits, an amount of any precision. The cursor
    stays typed, or 10 would come before 9.
    """

    def select(table: sa.Table) -> sa.Subquery:
        wanted = [*resource.headers, *([resource.cursor.field] if resource.cursor else [])]
        missing = [name for name in wanted if name not in table.c]
        if missing:
            raise WrongTableError(
                f"{resource.table} has no column {', '.join(missing)}. "
                f"It has: {', '.join(table.c.keys())}"
            )
        columns = [sa.cast(table.c[name], sa.Text).label(name) for name in resource.headers]
        if resource.cursor is not None:
            columns.append(_typed_cursor(table, resource.cursor, resource.table))
        return sa.select(*columns).subquery(resource.name)

    return select


def _typed_cursor(table: sa.Table, cursor: Cursor, name: str) -> sa.ColumnElement[Any]:
    column = table.c[cursor.field]
    if not isinstance(column.type, _CURSOR_TYPES[cursor.kind]):
        raise WrongTableError(
            f"the cursor {cursor.field} of {name} is of type {column.type}, not a {cursor.kind}"
        )
    return sa.type_coerce(column, column.type).label(CURSOR_COLUMN)
