"""Erasing the rows of erased persons in the raw tables.

What carries money stays and loses whom it was about: an order becomes one of an unknown buyer, so
revenue and the bridge do not move. What only tells of a person keeps its place and nothing else.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from dagster_project.ingestion.formats import Format, load_formats
from dagster_project.ingestion.tables import personal_table
from dagster_project.privacy.tokens import (
    ERASED,
    account_columns,
    contact_columns,
    is_of_a_person,
    names_a_person,
    points_at_a_person,
)
from dagster_project.sql_text import sql_literal

# Rows of these tell of a person and nothing else: they keep only where they came from.
ONLY_OF_A_PERSON = frozenset(
    {"customers", "reviews", "events", "campaign_members", "points", "referrals", "opt_outs"}
)
ERASED_TEXT = "erased"

# The person's rows, as (format, _file_id, _row_number).
MARKED = "marked_rows"


@dataclass(frozen=True)
class Erased:
    """What was erased: rows of the raw tables and texts of broken rows."""

    rows: int
    broken_rows: int


def mark_rows(
    connection: duckdb.DuckDBPyConnection,
    tokens: str = ERASED,
    with_orders: bool = True,
) -> int:
    """Write the rows of the persons behind `tokens` to the table `MARKED`; returns how many.

    Args:
        connection: of the work database, with the secret of the hashes.
        tokens: table of tokens.
        with_orders: also rows that only an order's number ties to the person.
    """
    connection.execute(
        f"create or replace temp table {MARKED} "
        "(format varchar, _file_id bigint, _row_number bigint)"
    )
    for format_ in load_formats():
        condition = is_of_a_person(format_, tokens, with_orders)
        if condition is not None:
            connection.execute(
                f"insert into {MARKED} select '{format_.name}', _file_id, _row_number "
                f"from raw.{format_.name} where {condition}"
            )
    found = connection.execute(f"select count(*) from {MARKED}").fetchone()
    return int(found[0]) if found else 0


def erase_marked(
    connection: duckdb.DuckDBPyConnection, needles: Sequence[str], tokens: str = ERASED
) -> Erased:
    """Erase the rows of `MARKED`, and the texts of broken rows that name the person.

    The caller's transaction decides whether it stays. Erasing again changes nothing.

    Args:
        connection: of the work database.
        needles: the person's own values in lower case; a broken row that holds one is erased too.
        tokens: table of tokens that `MARKED` was made with.
    """
    # Equal rows stay equal; the number is thrown away, so the hash says nothing of the content.
    salt = sql_literal(secrets.token_hex(16))
    marked = {
        name for (name,) in connection.execute(f"select distinct format from {MARKED}").fetchall()
    }
    rows = 0
    for format_ in load_formats():
        for column in format_.columns:
            if column.tie == "pointer":
                connection.execute(
                    f"update raw.{format_.name} set {column.name} = null "
                    f"where {points_at_a_person(format_, column, tokens)}"
                )
        if format_.name not in marked:
            continue
        emptied = ", ".join(f"{name} = null" for name in erased_columns(format_))
        where = _is_marked(format_)
        # A row of which nothing is left has no hash either: its key may be made of it.
        new_hash = f"md5_number_lower({salt} || cast(_row_hash as varchar))"
        if format_.entity in ONLY_OF_A_PERSON:
            new_hash = "null"
        counted = connection.execute(
            f"update raw.{format_.name} set {emptied}, _issues = null, _row_hash = {new_hash} "
            f"where {where}"
        ).fetchone()
        rows += int(counted[0]) if counted else 0
        if format_.personal_columns:
            connection.execute(f"delete from raw.{personal_table(format_)} where {where}")
    return Erased(rows, _erase_broken_rows(connection, needles, tokens))


def erased_columns(format_: Format) -> list[str]:
    """Columns of the raw table that a person's row loses."""
    if format_.entity in ONLY_OF_A_PERSON:
        return [c.name for c in format_.main_columns if c.name not in ("source", "shop")]
    return [column.name for column in format_.main_columns if column.tie is not None]


def _erase_broken_rows(
    connection: duckdb.DuckDBPyConnection, needles: Sequence[str], tokens: str
) -> int:
    erased = 0
    for format_ in load_formats():
        if not (account_columns(format_) or contact_columns(format_) or format_.personal_columns):
            continue
        counted = connection.execute(
            f"update raw.unreadable_rows set raw_text = '{ERASED_TEXT}' "
            f"where format = '{format_.name}' and raw_text <> '{ERASED_TEXT}' "
            f"and {broken_row_is_theirs(format_, needles, tokens)}"
        ).fetchone()
        erased += int(counted[0]) if counted else 0
    return erased


def broken_row_is_theirs(format_: Format, needles: Sequence[str], tokens: str = ERASED) -> str:
    """SQL condition on `raw_text`."""
    held = [f"contains(lower(raw_text), {sql_literal(needle)})" for needle in needles]
    named = names_a_person(format_.name, "raw_text", tokens)
    return f"({' or '.join([named, *held])})"


def _is_marked(format_: Format) -> str:
    return (
        "(_file_id, _row_number) in "
        f"(select (_file_id, _row_number) from {MARKED} where format = '{format_.name}')"
    )
