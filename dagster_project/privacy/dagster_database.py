"""What Dagster's PostgreSQL database keeps of a person: messages of steps, metadata, tags."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from dagster_project.privacy.erase_tables import ERASED_TEXT
from dagster_project.privacy.storage import pattern_of

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

_TEXT_COLUMNS = """
select table_name, column_name
from information_schema.columns
where table_schema = current_schema() and data_type in ('text', 'character varying')
order by table_name, column_name
"""


def scrub_database(url: str, needles: Sequence[str]) -> int:
    """Replace the needles in every text column; returns the number of tables changed.

    The changed tables are written anew, since a database keeps old rows in its files until it needs
    their room. Copies of the database, and its write-ahead log, are its administrator's.

    Args:
        url: of Dagster's database.
        needles: texts that name the person, at least one.
    """
    from psycopg2 import sql

    changed = set()
    with _cursor(url) as cursor:
        for table, column in _text_columns(cursor):
            statement = sql.SQL(
                "update {table} set {column} = "
                "regexp_replace({column}, %(needles)s, %(new)s, 'gi') "
                "where {column} ~* %(needles)s"
            ).format(table=sql.Identifier(table), column=sql.Identifier(column))
            cursor.execute(statement, {"needles": pattern_of(needles), "new": ERASED_TEXT})
            if cursor.rowcount:
                changed.add(table)
        for table in sorted(changed):
            cursor.execute(sql.SQL("vacuum full {}").format(sql.Identifier(table)))
    return len(changed)


def find_in_database(url: str, needles: Sequence[str]) -> list[str]:
    """The columns that still hold a needle, `table.column`."""
    from psycopg2 import sql

    found = []
    with _cursor(url) as cursor:
        for table, column in _text_columns(cursor):
            statement = sql.SQL("select 1 from {} where {} ~* %s limit 1")
            named = statement.format(sql.Identifier(table), sql.Identifier(column))
            cursor.execute(named, [pattern_of(needles)])
            if cursor.fetchone() is not None:
                found.append(f"{table}.{column}")
    return found


def _text_columns(cursor: Cursor) -> list[tuple[str, str]]:
    cursor.execute(_TEXT_COLUMNS)
    return [(str(table), str(column)) for table, column in cursor.fetchall()]


@contextmanager
def _cursor(url: str) -> Iterator[Cursor]:
    # An extra that only who has such a database has installed.
    import psycopg2

    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor
