"""What was exported, written down as a campaign that the next night loads.

A list that has left the warehouse is a message that its members get. As a landed file it is a fact
like any other: the frequency caps count it, campaign results compare it with who was held back, a
warehouse built anew has it again, and it is erased with the person.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from dagster_project.audiences.files import write_list
from dagster_project.audiences.lists import HOLDOUT, MEMBERS, Audience, work_database
from dagster_project.settings import Settings
from dagster_project.sql_text import sql_literal

# Folder below the landing folder; the files are templates of the warehouse's own.
FOLDER = "audiences"
# Guests have no account. Their own id, under this source, names them in a file of accounts.
GUEST_SOURCE = "audiences"

_SENT = "sent_messages"


def record(
    connection: duckdb.DuckDBPyConnection, settings: Settings, audience: Audience
) -> tuple[Path, ...]:
    """Write the exported list as a campaign for each day of its messages.

    Writing the same list again replaces the files by the same ones.

    Args:
        connection: with `MEMBERS` and `HOLDOUT`.
        settings: where the landing folder and the work database are.
        audience: whose list it is.

    Returns:
        The files below the landing folder; none when nobody is in the list.
    """
    with work_database(connection, settings) as work:
        connection.execute(
            f"""
            create or replace table {_SENT} as
            with listed as (
                select customer_id, send_on, false as is_holdout from {MEMBERS}
                union all
                select customer_id, send_on, true as is_holdout from {HOLDOUT}
            ),
            -- One account stands for the person; the one seen first is the steadiest.
            accounts as (
                select
                    customer_id, source, source_customer_id,
                    row_number() over (
                        partition by customer_id
                        order by not is_customer, first_seen_at nulls last, source,
                            source_customer_id
                    ) as account_rank
                from {work}.intermediate.int_customer_accounts
                where source <> {sql_literal(GUEST_SOURCE)}
            )
            select
                'audience-' || $as_of || '-' || l.send_on || '-' || $code as campaign_id,
                l.send_on,
                coalesce(a.source, {sql_literal(GUEST_SOURCE)}) as source,
                coalesce(a.source_customer_id, l.customer_id) as customer_id,
                l.is_holdout
            from listed as l
            left join accounts as a on l.customer_id = a.customer_id and a.account_rank = 1
            order by campaign_id, source, customer_id
            """,
            {"as_of": str(audience.as_of_date), "code": audience.code},
        )
    if connection.execute(f"select 1 from {_SENT} limit 1").fetchone() is None:
        return ()
    connection.execute(
        f"create or replace table {_SENT}_members as "
        f"select campaign_id, source, customer_id, is_holdout from {_SENT}"
    )
    connection.execute(
        f"create or replace table {_SENT}_campaigns as "
        "select distinct campaign_id, source, $name as name, $channel as channel, "
        "'audience' as campaign_type, send_on as started_at "
        f"from {_SENT} order by all",
        {
            "name": f"{audience.name_zh} {audience.name_en}",
            "channel": audience.channel,
        },
    )
    folder = settings.landing_dir / FOLDER
    paths = []
    for part in ("members", "campaigns"):
        path = folder / f"{audience.code}_{part}_{audience.as_of_date}.csv"
        write_list(connection, f"{_SENT}_{part}", path, "table")
        paths.append(path)
    return tuple(paths)
