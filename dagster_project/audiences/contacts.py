"""E-mail addresses and phones of members, out of the raw layer, where the owner allowed it."""

from __future__ import annotations

import duckdb

from dagster_project.audiences.lists import MEMBERS, work_database
from dagster_project.ingestion.cleaning import call
from dagster_project.ingestion.formats import Column, Format, load_formats
from dagster_project.ingestion.pseudonym import ensure_key, use_key
from dagster_project.ingestion.tables import personal_table
from dagster_project.privacy.tokens import contact_columns
from dagster_project.settings import Settings

# Kind of a key column, and the column of the export that its plain value goes to.
_KINDS = {"email_key": "email", "phone_key": "phone"}


def add_contacts(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Add the columns `email` and `phone` to `MEMBERS`, as the newest file writes them.

    A value is taken only when its keyed hash is the member's: it cannot be somebody else's.

    Args:
        connection: with `MEMBERS`.
        settings: with `export_contacts`; without it nobody may ask.

    Raises:
        PermissionError: the owner did not allow it.
    """
    if not settings.export_contacts:
        raise PermissionError("EXPORT_CONTACTS is not true: contacts do not leave the warehouse")
    use_key(connection, ensure_key(settings))
    with work_database(connection, settings) as work:
        for kind, name in _KINDS.items():
            connection.execute(f"alter table {MEMBERS} add column {name} varchar")
            values = _values(connection, work, kind)
            if values is not None:
                connection.execute(
                    f"update {MEMBERS} as m set {name} = v.plain "
                    f"from (select key, arg_max(plain, (file_id, row_number)) as plain "
                    f"from ({values}) group by key) as v where m.{kind} = v.key"
                )


def _values(connection: duckdb.DuckDBPyConnection, work: str, kind: str) -> str | None:
    """A SELECT of every value whose hash is a member's: key, plain, file_id, row_number."""
    there = {
        name
        for (name,) in connection.execute(
            "select table_name from duckdb_tables() "
            "where database_name = ? and schema_name = 'raw'",
            [work],
        ).fetchall()
    }
    found = []
    for format_ in load_formats():
        if format_.name not in there or personal_table(format_) not in there:
            continue
        for key in (column for column in contact_columns(format_) if column.kind == kind):
            for plain in _sources(format_, key):
                found.append(
                    f"select r.{key.name} as key, p.{plain.name} as plain, "
                    "r._file_id as file_id, r._row_number as row_number "
                    f"from {work}.raw.{format_.name} as r "
                    f"inner join {work}.raw.{personal_table(format_)} as p "
                    "using (_file_id, _row_number) "
                    f"where r.{key.name} in (select {kind} from {MEMBERS}) "
                    f"and {call(kind, f'p.{plain.name}')} = r.{key.name}"
                )
    return " union all ".join(found) or None


def _sources(format_: Format, key: Column) -> list[Column]:
    """The personal columns that a keyed hash may have been made of."""
    if key.of:
        return [column for column in format_.personal_columns if column.name in key.of]
    headers = set(key.headers)
    return [column for column in format_.personal_columns if headers.intersection(column.headers)]
