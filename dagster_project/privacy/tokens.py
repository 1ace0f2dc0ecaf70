"""Which rows are a person's: keyed hashes of what names them, compared in SQL.

`raw.erased_persons` holds the hashes of everybody who was erased. What is loaded later is compared
with them, so an overlapping export or a backup does not bring a person back, and nobody can read
from the table whom it is about.
"""

from __future__ import annotations

from datetime import UTC, datetime

import duckdb

from dagster_project.ingestion.cleaning import call
from dagster_project.ingestion.formats import Column, Format, load_formats
from dagster_project.sql_text import sql_literal

CONTACT_KINDS = {"email_key": "email", "phone_key": "phone", "person_key": "name_address"}

# What is compared with: the erased persons, or the candidates of a search.
ERASED = "raw.erased_persons"

_UNIT = "chr(31)"


def account_token(source: str, account: str) -> str:
    """SQL of the token of an account; both arguments are SQL."""
    return call("clean_hashed_id", f"('account' || {_UNIT} || {source} || {_UNIT} || {account})")


def contact_token(kind: str, contact: str) -> str:
    """SQL of the token of a contact's keyed hash; `kind` is a value of `CONTACT_KINDS`."""
    return call("clean_hashed_id", f"('{kind}' || {_UNIT} || {contact})")


def order_token(source: str, order: str) -> str:
    """SQL of the token of an order, by which its lines, refunds and shipments are found."""
    return call("clean_hashed_id", f"('order' || {_UNIT} || {source} || {_UNIT} || {order})")


def source_of(format_: Format) -> str:
    """SQL of a row's source."""
    return "source" if format_.column("source") else sql_literal(format_.source)


def account_columns(format_: Format) -> tuple[Column, ...]:
    """Columns that name a row's account."""
    return tuple(c for c in format_.key_columns if c.kind not in CONTACT_KINDS)


def contact_columns(format_: Format) -> tuple[Column, ...]:
    """Columns that hold the keyed hash of a contact."""
    return tuple(c for c in format_.key_columns if c.kind in CONTACT_KINDS)


def is_of_a_person(format_: Format, tokens: str = ERASED, with_orders: bool = True) -> str | None:
    """SQL condition on a row of a format: it is of somebody whose tokens are there.

    A row with an account belongs to the account; one without to whoever its contacts name, and
    where nothing names anybody, to the buyer of its order.

    Returns:
        None when nothing in the format names anybody.
    """
    source = source_of(format_)
    known = f"in (select token from {tokens})"
    accounts = [f"{account_token(source, c.name)} {known}" for c in account_columns(format_)]
    others = [
        f"{contact_token(CONTACT_KINDS[c.kind], c.name)} {known}" for c in contact_columns(format_)
    ]
    if with_orders and format_.column("order_id"):
        others.append(f"{order_token(source, 'order_id')} {known}")
    if others and accounts:
        named = ", ".join(c.name for c in account_columns(format_))
        accounts.append(f"(coalesce({named}) is null and ({' or '.join(others)}))")
    conditions = accounts or others
    return f"coalesce({' or '.join(conditions)}, false)" if conditions else None


def points_at_a_person(format_: Format, column: Column, tokens: str = ERASED) -> str:
    """SQL condition: a `pointer` column names somebody whose tokens are there."""
    token = account_token(source_of(format_), column.name)
    return f"coalesce({token} in (select token from {tokens}), false)"


def names_a_person(format_name: str, text: str, tokens: str = ERASED) -> str:
    """SQL condition on the text of a broken row: one of its fields is a contact or account."""
    format_ = next(f for f in load_formats() if f.name == format_name)
    field = "list_element"
    keys = [
        contact_token("email", call("email_key", field)),
        contact_token("phone", call("phone_key", field)),
        account_token(sql_literal(format_.source), field),
        account_token(sql_literal(format_.source), call("clean_hashed_id", field)),
    ]
    fields = f"list_filter(string_split_regex({text}, '[,;|\\t\"'']+'), lambda x: length(x) > 4)"
    wanted = " or ".join(f"{key} in (select token from {tokens})" for key in keys)
    return (
        f"exists (select 1 from (select trim(unnest({fields})) as {field}) as fields "
        f"where coalesce({wanted}, false))"
    )


def remember(connection: duckdb.DuckDBPyConnection, tokens: str) -> None:
    """Add the tokens of a table to the erased persons."""
    connection.execute(
        f"insert or ignore into {ERASED} select token, ? from {tokens}",
        [datetime.now(UTC).replace(tzinfo=None)],
    )


def somebody_was_erased(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether there is anything to compare with at all."""
    return connection.execute(f"select 1 from {ERASED} limit 1").fetchone() is not None
