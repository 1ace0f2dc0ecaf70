"""One customer as the published marts see them: what they are called, and the orders behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb
from rich.console import Console
from rich.table import Table

from dagster_project.settings import Settings

# Each label with its value and the numbers that it was judged by.
_LABELS = """
with cuts as (
    select * from cut_point_history where snapshot_date = as_of_date
),

rfm as (
    select r.*, c.r_mean, c.f_mean, c.m_mean, c.r_2, c.r_3, c.r_4, c.r_5,
        c.f_2, c.f_3, c.f_4, c.f_5, c.m_2, c.m_3, c.m_4, c.m_5
    from customer_rfm as r cross join cuts as c
    where r.customer_id = $customer
)

select 'recency score', r_score::varchar, format(
    '{} days since the last purchase; at most {} / {} / {} / {} days earn 2 / 3 / 4 / 5',
    recency_days, coalesce(r_2::varchar, '–'), coalesce(r_3::varchar, '–'),
    coalesce(r_4::varchar, '–'), coalesce(r_5::varchar, '–')
) from rfm
union all
select 'frequency score', f_score::varchar, format(
    '{} purchases; {} / {} / {} / {} earn 2 / 3 / 4 / 5',
    frequency, coalesce(f_2::varchar, '–'), coalesce(f_3::varchar, '–'),
    coalesce(f_4::varchar, '–'), coalesce(f_5::varchar, '–')
) from rfm
union all
select 'monetary score', m_score::varchar, format(
    '{:,.2f} net; {} / {} / {} / {} earn 2 / 3 / 4 / 5',
    monetary::double, coalesce(m_2::varchar, '–'), coalesce(m_3::varchar, '–'),
    coalesce(m_4::varchar, '–'), coalesce(m_5::varchar, '–')
) from rfm
union all
select 'segment', segment, format('scores {}', rfm_score) from rfm
union all
select 'value class', value_class, format(
    'scores {} against the means {:.2f}, {:.2f}, {:.2f}', rfm_score, r_mean, f_mean, m_mean
) from rfm
union all
select 'quadrant', quadrant, format(
    '{:,.2f} net against {:,.2f}: {}; {} purchases against {:.2f}: {}', monetary::double,
    amount_threshold, amount_level, frequency, frequency_threshold, frequency_level
) from customer_value_quadrant where customer_id = $customer
union all
select 'lifecycle', state, format(
    'since {}, before that {}; {}; silent after {}, sleeping after {}, churned after {} days',
    coalesce(state_since::varchar, 'ever'), coalesce(previous_state, 'nothing'),
    coalesce(format('{} days since the last purchase', days_since_last_purchase), 'no purchase'),
    silent_after_days, sleeping_after_days, churned_after_days
) from customer_lifecycle where customer_id = $customer
union all
select 'tier', tier, format(
    '{:,.2f} net and {} purchases count; {}', qualifying_amount::double, qualifying_orders,
    coalesce(
        format(
            '{:,.2f} and {} purchases short of {}',
            amount_to_next_tier::double, orders_to_next_tier, next_tier
        ),
        'there is no higher one'
    )
) from customer_membership where customer_id = $customer and tier is not null
union all
(
    select 'psychology', psychology, format('affinity {:.2f}: {}', affinity, evidence)
    from customer_psychology where customer_id = $customer and is_dominant
)
"""

_PROFILE = """
select profile_zh, profile_en, as_of_date from customer_profiles where customer_id = $customer
"""

_TAGS = """
select t.tag_group, d.name_zh, d.name_en, t.tag_value, t.valid_from, t.evidence
from customer_tags as t inner join tag_definitions as d using (tag_code)
where t.customer_id = $customer
order by t.tag_group, d.name_en, t.tag_value
"""

_CHANGES = """
select valid_from, dimension, previous_value, value, cause, evidence
from customer_state_history
where customer_id = $customer and previous_value is not null
order by valid_from desc, dimension
limit $limit
"""

# Labels say how many of the latest purchases they count, so each order can say what it is behind.
_ORDERS = """
with counted as (
    select
        max(r.frequency) as in_rfm_window,
        max(m.qualifying_orders) as in_tier_window,
        max(l.purchases) as purchases
    from customer_lifecycle as l
    left join customer_rfm as r using (customer_id)
    left join customer_membership as m using (customer_id)
    where l.customer_id = $customer
)

select
    o.order_id, o.order_date, o.status, o.net_amount, o.purchase_number,
    o.order_date - lag(o.order_date) over (
        partition by o.is_purchase order by o.purchase_number, o.order_id
    ) as days_since,
    case
        when not o.is_purchase then 'nothing: no purchase'
        when o.purchase_number > c.purchases then 'nothing yet: after the as-of date'
        else nullif(concat_ws(
            ', ',
            case when o.purchase_number = c.purchases then 'recency, lifecycle' end,
            case
                when o.purchase_number > c.purchases - c.in_rfm_window
                then 'frequency, monetary, quadrant'
            end,
            case when o.purchase_number > c.purchases - c.in_tier_window then 'tier' end,
            case when o.purchase_number = 1 then 'first purchase' end
        ), '')
    end as stands_behind
from fct_orders as o cross join counted as c
where o.customer_id = $customer
order by o.ordered_at desc, o.order_id
limit $limit
"""

_SHOWN_ORDERS = 20
_SHOWN_CHANGES = 12


def print_why(settings: Settings, console: Console, customer: str) -> bool:
    """Print what the published marts say of one customer, and why.

    Args:
        settings: where everything lives.
        console: to print on.
        customer: `customer_id` as in the marts.

    Returns:
        False when nothing is published yet or nobody has this id; the reason is printed.
    """
    if not settings.serving_db.is_file():
        console.print("nothing is published yet; start with `make run`")
        return False
    with duckdb.connect(str(settings.serving_db), read_only=True) as connection:
        connection.execute(f"use {settings.serving_db.stem}.marts")
        given = {"customer": customer}
        profile = connection.execute(_PROFILE, given).fetchone()
        if profile is None:
            _print_unknown(connection, console, customer)
            return False
        chinese, english, as_of = profile
        console.print(f"[bold]{customer}[/bold], as of {as_of}", highlight=False)
        console.print(chinese, highlight=False)
        console.print(english, highlight=False)
        _print_table(
            console, "Labels", ("label", "value", "why"), _rows(connection, _LABELS, given)
        )
        _print_tags(console, _rows(connection, _TAGS, given))
        _print_changes(console, _rows(connection, _CHANGES, {**given, "limit": _SHOWN_CHANGES}))
        _print_orders(console, _rows(connection, _ORDERS, {**given, "limit": _SHOWN_ORDERS}))
    return True


def _rows(
    connection: duckdb.DuckDBPyConnection, query: str, parameters: dict[str, Any]
) -> list[tuple[Any, ...]]:
    return connection.execute(query, parameters).fetchall()


def _print_unknown(connection: duckdb.DuckDBPyConnection, console: Console, customer: str) -> None:
    near = connection.execute(
        "select customer_id from dim_customers "
        "order by jaro_winkler_similarity(customer_id, ?) desc, customer_id limit 3",
        [customer],
    ).fetchall()
    console.print(f"[red]nobody[/red] in the published marts is called {customer!r}")
    if near:
        console.print(f"the nearest: {', '.join(name for (name,) in near)}", highlight=False)
    console.print(
        "`customer_id` of any mart is what is asked for; accounts, phones and e-mails are not in "
        "the marts"
    )


def _print_table(
    console: Console, title: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row))
    console.print(table)


def _print_tags(console: Console, tags: Sequence[tuple[Any, ...]]) -> None:
    rows = [
        (group, f"{chinese} {english}", value, since, evidence)
        for group, chinese, english, value, since, evidence in tags
    ]
    _print_table(console, f"{len(rows)} tags", ("group", "tag", "value", "since", "why"), rows)


def _print_changes(console: Console, changes: Sequence[tuple[Any, ...]]) -> None:
    rows = [
        (since, dimension, f"{before} → {after or 'none'}", cause, evidence)
        for since, dimension, before, after, cause, evidence in changes
    ]
    title = f"Latest {len(rows)} changes of labels"
    _print_table(console, title, ("found on", "label", "change", "cause", "why"), rows)


def _print_orders(console: Console, orders: Sequence[tuple[Any, ...]]) -> None:
    rows = [
        (order, day, status, f"{net:,.2f}", number, days, behind)
        for order, day, status, net, number, days, behind in orders
    ]
    columns = ("order", "day", "status", "net amount", "purchase", "days since", "behind")
    _print_table(console, f"Latest {len(rows)} orders", columns, rows)
