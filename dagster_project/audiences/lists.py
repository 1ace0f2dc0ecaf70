"""The published lists, opened for an export."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

import duckdb

from dagster_project.settings import Settings
from dagster_project.sql_text import sql_literal

# Table of an export's connection: one row per member, with what may leave the warehouse.
MEMBERS = "exported_members"
# The same for who is held back: no contact, as they must not be written to.
HOLDOUT = "exported_holdout"

_NEEDED = ("audiences", "audience_members")


class NothingPublished(LookupError):
    """There is no published list; the message says what to do."""


class UnknownAudience(LookupError):
    """No audience has that code; the message names those that are there."""


@dataclass(frozen=True)
class Audience:
    """A row of the mart `audiences`, as far as an export needs it.

    Attributes:
        code: of the audience.
        name_zh: name in Chinese.
        name_en: name in English.
        action_zh: what to do, in Chinese.
        action: what to do, in English.
        channel: that its messages go by; None for any.
        as_of_date: day of the list; None when there is no order at all.
        customers: members, those held back among them.
        holdout_customers: members who are held back.
        missing_inputs: what the shop has not supplied; None when nothing is missing.
    """

    code: str
    name_zh: str
    name_en: str
    action_zh: str
    action: str
    channel: str | None
    as_of_date: date | None
    customers: int
    holdout_customers: int
    missing_inputs: str | None


@contextmanager
def opened(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """A scratch database with the published marts attached as `shop`, read-only.

    Raises:
        NothingPublished: no night has published audiences yet.
    """
    if not settings.serving_db.is_file():
        raise NothingPublished(
            "nothing is published yet; run `make nightly` first / 尚未发布，请先运行 make nightly"
        )
    with duckdb.connect(":memory:", config=settings.duckdb_config) as connection:
        connection.execute(f"attach {sql_literal(settings.serving_db)} as shop (read_only)")
        found = connection.execute(
            "select count(*) from duckdb_tables() where database_name = 'shop' "
            f"and table_name in {_NEEDED}"
        ).fetchone()
        if not found or found[0] < len(_NEEDED):
            raise NothingPublished(
                "the published marts are older than the audiences; run `make nightly` once / "
                "已发布的数据里还没有人群，请先运行一次 make nightly"
            )
        yield connection


@contextmanager
def work_database(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Iterator[str]:
    """The work database attached read-only; yields the name it has.

    The caller holds it (`hold_work_database`), or a nightly run would find it locked.
    """
    # Under its own name: dbt's views name the database they were made in.
    name = settings.work_db.stem
    connection.execute(f"attach {sql_literal(settings.work_db)} as {name} (read_only)")
    try:
        yield name
    finally:
        connection.execute(f"detach {name}")


def audience(connection: duckdb.DuckDBPyConnection, code: str) -> Audience:
    """The audience of a code.

    Raises:
        UnknownAudience: there is none; the message names those that are there.
    """
    row = connection.execute(
        "select code, name_zh, name_en, action_zh, action, channel, as_of_date, customers, "
        "holdout_customers, missing_inputs from shop.marts.audiences where code = ?",
        [code],
    ).fetchone()
    if row is None:
        codes = connection.execute("select code from shop.marts.audiences order by priority")
        names = ", ".join(name for (name,) in codes.fetchall())
        raise UnknownAudience(
            f"there is no audience {code!r}; there are {names} / 没有这个人群，现有：{names}"
        )
    return Audience(*row)


def select_members(connection: duckdb.DuckDBPyConnection, code: str) -> None:
    """Write an audience's members to `MEMBERS`, and who is held back to `HOLDOUT`."""
    connection.execute(
        f"create or replace table {MEMBERS} as "
        "select message_id, customer_id, email_key, phone_key, code as audience, as_of_date, "
        "send_on, reason_zh, reason, suggested_action_zh, suggested_action "
        "from shop.marts.audience_members where code = ? and not is_holdout order by customer_id",
        [code],
    )
    connection.execute(
        f"create or replace table {HOLDOUT} as "
        "select message_id, customer_id, code as audience, as_of_date, send_on "
        "from shop.marts.audience_members where code = ? and is_holdout order by customer_id",
        [code],
    )
