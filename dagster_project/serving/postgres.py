"""The published marts in PostgreSQL, for tools that speak ODBC and JDBC.

All tables are loaded into a schema of their own beside the one that is read, then both are renamed
in one short transaction: a statement sees the marts of one night, never of two. DuckDB's own
extension does the copying, in PostgreSQL's binary format.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import duckdb
import psycopg
from psycopg import sql

from dagster_project.settings import Settings
from dagster_project.sql_text import sql_literal
from dagster_project.transformation.project import MARTS_SCHEMA, PublishedTable

_NEXT, _PREVIOUS = f"{MARTS_SCHEMA}_next", f"{MARTS_SCHEMA}_previous"

# What BI tools join and filter by; a table gets an index on each that it has.
_INDEXED = ("customer_id", "order_id", "product_id", "order_date", "date", "tag_code")

# Who waits longer for somebody's open statement than this gives up, and the next night tries again:
# everybody who comes after would wait behind it.
_LOCK_TIMEOUT = "20s"

# Less than PostgreSQL waits before it ends one of two statements that wait for each other: the swap
# gives way to readers, never a reader to the swap.
_SWAP_PATIENCE = "500ms"
_SWAP_PAUSE_SECONDS = 0.5
_SWAP_TRIES = 20


class PostgresError(RuntimeError):
    """PostgreSQL could not be reached or written; the message holds no password."""


def publish_to_postgres(settings: Settings, tables: Sequence[PublishedTable]) -> None:
    """Replace schema `marts` of the database at `SERVING_POSTGRES_URL` by what is published.

    Args:
        settings: with `postgres_url`.
        tables: which tables of the serving file.

    Raises:
        PostgresError: the reason, with what to do; what was published there before still stands.
    """
    url = settings.postgres_url
    if url is None:
        raise ValueError("SERVING_POSTGRES_URL is not set")
    try:
        with psycopg.connect(url, autocommit=True) as postgres:
            _begin(postgres)
            with duckdb.connect(":memory:", config=settings.duckdb_config) as connection:
                _copy(connection, settings.serving_db, url, tables)
                for table in tables:
                    _describe(connection, postgres, table)
            _index(postgres, tables)
            _let_read(postgres, settings.postgres_reader)
            _swap(postgres)
    except (psycopg.Error, duckdb.Error) as error:
        raise PostgresError(
            f"the marts in PostgreSQL stay as they were: {_without_password(str(error), url)}"
        ) from None


def postgres_extension() -> Path:
    """The packaged DuckDB extension that writes to PostgreSQL, for the DuckDB that runs.

    Raises:
        FileNotFoundError: the package is missing or made for another DuckDB.
    """
    spec = find_spec("duckdb_extension_postgres_scanner")
    folder = Path(spec.origin).parent if spec and spec.origin else Path()
    found = sorted(folder.glob(f"extensions/v{duckdb.__version__}/*.duckdb_extension"))
    if spec is None or not found:
        raise FileNotFoundError(
            f"duckdb-extension-postgres-scanner {duckdb.__version__} is not installed: "
            "pip install '.[postgres]'"
        )
    return found[0]


def _begin(postgres: psycopg.Connection) -> None:
    """Remove what an earlier night left: the schema before, or one half loaded."""
    postgres.execute(sql.SQL("set lock_timeout = {}").format(sql.Literal(_LOCK_TIMEOUT)))
    for schema in (_NEXT, _PREVIOUS):
        postgres.execute(sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(schema)))
    postgres.execute(sql.SQL("create schema {}").format(sql.Identifier(_NEXT)))


def _copy(
    connection: duckdb.DuckDBPyConnection,
    serving_db: Path,
    url: str,
    tables: Sequence[PublishedTable],
) -> None:
    connection.execute(f"load {sql_literal(postgres_extension())}")
    connection.execute(f"attach {sql_literal(serving_db)} as shop (read_only)")
    connection.execute(f"attach {sql_literal(url)} as target (type postgres)")
    for table in tables:
        connection.execute(
            f"create table target.{_NEXT}.{table.name} as from shop.{MARTS_SCHEMA}.{table.name}"
        )


def _describe(
    connection: duckdb.DuckDBPyConnection, postgres: psycopg.Connection, table: PublishedTable
) -> None:
    """The descriptions of a table and its columns travel with the data."""
    where = f"database_name = 'shop' and schema_name = '{MARTS_SCHEMA}' and table_name = ?"
    about = connection.execute(
        f"select null, comment from duckdb_tables() where {where} and comment is not null "
        f"union all select column_name, comment from duckdb_columns() where {where} "
        "and comment is not null",
        [table.name, table.name],
    ).fetchall()
    name = sql.Identifier(_NEXT, table.name)
    for column, comment in about:
        thing = (
            sql.SQL("column {}.{}").format(name, sql.Identifier(column))
            if column
            else sql.SQL("table {}").format(name)
        )
        postgres.execute(sql.SQL("comment on {} is {}").format(thing, sql.Literal(comment)))


def _index(postgres: psycopg.Connection, tables: Sequence[PublishedTable]) -> None:
    for table in tables:
        name = sql.Identifier(_NEXT, table.name)
        columns = postgres.execute(
            "select column_name from information_schema.columns "
            "where table_schema = %s and table_name = %s and column_name = any(%s)",
            [_NEXT, table.name, list(_INDEXED)],
        ).fetchall()
        for (column,) in columns:
            postgres.execute(
                sql.SQL("create index on {} ({})").format(name, sql.Identifier(column))
            )
        postgres.execute(sql.SQL("analyze {}").format(name))


def _let_read(postgres: psycopg.Connection, reader: str) -> None:
    """A role that may read and nothing else; people and tools are made members of it."""
    known = postgres.execute("select 1 from pg_roles where rolname = %s", [reader]).fetchone()
    role, schema = sql.Identifier(reader), sql.Identifier(_NEXT)
    if known is None:
        postgres.execute(sql.SQL("create role {} nologin").format(role))
    postgres.execute(sql.SQL("grant usage on schema {} to {}").format(schema, role))
    postgres.execute(sql.SQL("grant select on all tables in schema {} to {}").format(schema, role))


def _swap(postgres: psycopg.Connection) -> None:
    """The only moment that readers could notice: two renames in one transaction.

    A statement finds its tables by name one after the other. If the renames came in between, it
    would read two nights, and a prepared one would go on doing so until the next. So for that
    moment all tables are locked. When somebody's long statement does not let them be locked, the
    renames are made without it: such a moment is short, and the morning's marts are not to wait.
    """
    for _ in range(_SWAP_TRIES):
        try:
            with postgres.transaction():
                postgres.execute(
                    sql.SQL("set local lock_timeout = {}").format(sql.Literal(_SWAP_PATIENCE))
                )
                _lock_current(postgres)
                _rename(postgres)
            return
        except psycopg.errors.LockNotAvailable:
            time.sleep(_SWAP_PAUSE_SECONDS)
    with postgres.transaction():
        _rename(postgres)


def _lock_current(postgres: psycopg.Connection) -> None:
    tables = postgres.execute(
        "select tablename from pg_tables where schemaname = %s order by tablename", [MARTS_SCHEMA]
    ).fetchall()
    if tables:
        names = sql.SQL(", ").join(sql.Identifier(MARTS_SCHEMA, name) for (name,) in tables)
        postgres.execute(sql.SQL("lock table {} in access exclusive mode").format(names))


def _rename(postgres: psycopg.Connection) -> None:
    current = postgres.execute(
        "select 1 from pg_namespace where nspname = %s", [MARTS_SCHEMA]
    ).fetchone()
    rename = sql.SQL("alter schema {} rename to {}")
    if current is not None:
        postgres.execute(rename.format(sql.Identifier(MARTS_SCHEMA), sql.Identifier(_PREVIOUS)))
    postgres.execute(rename.format(sql.Identifier(_NEXT), sql.Identifier(MARTS_SCHEMA)))


def _without_password(text: str, url: str) -> str:
    password = psycopg.conninfo.conninfo_to_dict(url).get("password")
    text = text.replace(url, "SERVING_POSTGRES_URL")
    return text.replace(str(password), "***") if password else text
