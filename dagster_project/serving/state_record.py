"""What was published of each customer, night by night: `audit.published_states`.

Everything else in the warehouse can be computed again from the raw tables. What was said on a
past morning cannot: later exports correct the orders it rested on. The record makes it possible to
tell a customer who moved from data that moved, and to say since which night a label is shown.

Only changes are written: a customer whose labels stayed has one row, however many nights pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import duckdb

from dagster_project.settings import Settings
from dagster_project.sql_text import sql_literal

# The labels with a history, as dbt's macro `state_dimensions` lists them (a test compares both).
DIMENSIONS = (
    "segment",
    "value_class",
    "frequency_class",
    "quadrant",
    "lifecycle",
    "tier",
    "psychology",
)

_LABELS = ", ".join(DIMENSIONS)
_STATES = "intermediate.int_customer_states"


def ensure_record(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the two tables empty where they are missing, so that dbt can read them."""
    labels = ", ".join(f"{name} varchar" for name in DIMENSIONS)
    connection.execute(
        f"""
        create schema if not exists audit;
        create table if not exists audit.published_runs (as_of_date date primary key);
        create table if not exists audit.published_states (
            as_of_date date not null, customer_id varchar not null, {labels}
        );
        """
    )
    # A label that was given a history later is unknown for the nights before.
    for name in DIMENSIONS:
        connection.execute(
            f"alter table audit.published_states add column if not exists {name} varchar"
        )


def record_states(settings: Settings, as_of: date) -> int:
    """Write down what has just been published; returns the number of customers that changed.

    Recording one date again replaces what was recorded of it. A date before the last recorded one
    is left alone: it is a backfill, and readers never saw its marts as the present.

    Args:
        settings: where the work database is.
        as_of: date of the published marts.
    """
    with duckdb.connect(str(settings.work_db), config=settings.duckdb_config) as connection:
        ensure_record(connection)
        later = connection.execute(
            "select count(*) from audit.published_runs where as_of_date > ?", [as_of]
        ).fetchone()
        if later and later[0]:
            return 0
        connection.begin()
        try:
            connection.execute("delete from audit.published_states where as_of_date = ?", [as_of])
            counted = connection.execute(_INSERT_CHANGES, {"as_of": as_of}).fetchone()
            connection.execute("insert or ignore into audit.published_runs values (?)", [as_of])
            connection.commit()
        except BaseException:
            connection.rollback()
            raise
    return int(counted[0]) if counted else 0


def erase_from_record(connection: duckdb.DuckDBPyConnection, customers: Sequence[str]) -> None:
    """Erase customers from the record.

    Args:
        connection: opened for writing on the work database.
        customers: their ids in the marts.
    """
    ensure_record(connection)
    if customers:
        ids = ", ".join(map(sql_literal, customers))
        connection.execute(f"delete from audit.published_states where customer_id in ({ids})")


# Who is gone since gets a row without labels.
_INSERT_CHANGES = f"""
insert into audit.published_states by name
with standing as (
    select customer_id, {_LABELS}
    from audit.published_states
    qualify row_number() over (partition by customer_id order by as_of_date desc) = 1
),
present as (
    select customer_id, {_LABELS} from {_STATES} where snapshot_date = $as_of
)
select
    $as_of as as_of_date,
    coalesce(present.customer_id, standing.customer_id) as customer_id,
    {", ".join(f"present.{name}" for name in DIMENSIONS)}
from present full join standing using (customer_id)
where {" or ".join(f"present.{name} is distinct from standing.{name}" for name in DIMENSIONS)}
"""
