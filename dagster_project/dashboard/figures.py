"""What the dashboard shows, aggregated from the published marts: SQL in, plain lists out.

Each figure is a list of columns, not of rows, so that the names stand once in the file. Whatever
can be filtered is grouped by the same three attributes of the customer (region, channel, segment):
each customer has one of each, so the groups add up to any selection.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb

UNKNOWN = "?"

# Everybody with the three attributes that the page filters by.
PEOPLE = f"""
create or replace temp view people as
select
    c.customer_id,
    coalesce(c.province, '{UNKNOWN}') as region,
    coalesce(c.acquisition_channel, '{UNKNOWN}') as channel,
    coalesce(r.segment, '{UNKNOWN}') as segment
from dim_customers as c
left join customer_rfm as r using (customer_id)
"""


@dataclass(frozen=True)
class Figure:
    """One table of the page.

    Attributes:
        name: key in the page's data.
        query: SELECT whose columns the page's script reads by name.
        filtered: its rows are grouped by region, channel and segment.
    """

    name: str
    query: str
    filtered: bool = False


FIGURES = (
    Figure(
        "months",
        """
        select
            p.region, p.channel, p.segment,
            strftime(o.order_date, '%Y-%m') as month,
            count(*) as orders,
            round(sum(o.net_amount), 2) as net_revenue,
            count(distinct o.customer_id) as customers,
            count(*) filter (o.purchase_number = 1) as new_customers
        from fct_orders as o inner join people as p using (customer_id)
        where o.is_purchase and o.order_date <= (select max(as_of_date) from mart_status)
        group by all order by all
        """,
        filtered=True,
    ),
    Figure(
        "rfm",
        """
        select
            p.region, p.channel, p.segment, r.r_score, r.f_score,
            count(*) as customers, round(sum(r.monetary), 2) as monetary
        from customer_rfm as r inner join people as p using (customer_id)
        group by all order by all
        """,
        filtered=True,
    ),
    Figure(
        "states",
        """
        select p.region, p.channel, p.segment, l.state, count(*) as customers
        from customer_lifecycle as l inner join people as p using (customer_id)
        group by all order by all
        """,
        filtered=True,
    ),
    Figure(
        "quadrants",
        """
        select
            p.region, p.channel, p.segment, q.quadrant,
            count(*) as customers, round(sum(q.monetary), 2) as monetary
        from customer_value_quadrant as q inner join people as p using (customer_id)
        group by all order by all
        """,
        filtered=True,
    ),
    Figure(
        "psychologies",
        """
        select p.region, p.channel, p.segment, y.psychology, count(*) as customers
        from customer_psychology as y inner join people as p using (customer_id)
        where y.is_dominant
        group by all order by all
        """,
        filtered=True,
    ),
    Figure(
        "days",
        """
        select
            date, orders, net_revenue, new_customers, active_customers_1d, active_customers_30d,
            average_order_value, retention_rate_30d, repurchase_rate,
            share_of_revenue_from_existing
        from growth_daily
        order by date desc limit 400
        """,
    ),
    Figure(
        "corrections",
        """
        select order_date, cause, source_file, orders, difference
        from restatements
        order by exported_at desc nulls last, order_date desc, source_file, cause limit 50
        """,
    ),
    Figure(
        "tags",
        """
        with counted as (
            select t.tag_group, d.name_zh, d.name_en, t.tag_value, count(*) as customers
            from customer_tags as t inner join tag_definitions as d using (tag_code)
            group by all
        )

        select * from counted
        qualify row_number() over (partition by name_en order by customers desc, tag_value) <= 6
        order by tag_group, name_en, customers desc, tag_value
        """,
    ),
    Figure(
        "flow",
        """
        select from_date, to_date, from_value, to_value, sum(customers) as customers
        from segment_transitions
        where dimension = 'lifecycle'
            and to_date = (select max(to_date) from segment_transitions)
        group by all order by all
        """,
    ),
    Figure(
        "cohorts",
        """
        select
            strftime(cohort_month, '%Y-%m') as cohort, month_number, cohort_size,
            active_customers, round(retention_rate, 4) as retention_rate
        from retention_cohorts
        where cohort_month > (
            select max(cohort_month) - interval 24 month from retention_cohorts
        ) and month_number <= 24
        order by cohort, month_number
        """,
    ),
    Figure(
        "funnel",
        """
        select step, customers, round(share_of_previous_step, 4) as share_of_previous_step,
            average_order_value, median_days_to_next
        from loyalty_funnel order by step
        """,
    ),
    Figure(
        "intervals",
        """
        select
            least(floor(median_interval_days / 15) * 15, 360)::int as from_days,
            count(*) as customers
        from customer_repurchase_intervals
        where median_interval_days is not null
        group by all order by all
        """,
    ),
    Figure(
        "price_bands",
        """
        select band, items, round(item_share, 4) as item_share,
            round(revenue_share, 4) as revenue_share, round(target_share, 4) as target_share,
            net_revenue, customers
        from price_bands order by position
        """,
    ),
    Figure(
        "associations",
        """
        select
            coalesce(antecedent_title, antecedent) as antecedent,
            coalesce(consequent_title, consequent) as consequent,
            baskets, round(confidence, 4) as confidence, round(lift, 2) as lift
        from product_associations
        where leverage > 0
        order by leverage_rank, antecedent, consequent limit 30
        """,
    ),
    Figure(
        "transitions",
        """
        with largest as (
            select from_category as category, sum(transitions) as transitions
            from category_transitions
            group by all order by transitions desc, category limit 12
        )

        select from_category, to_category, transitions, round(share, 4) as share
        from category_transitions
        where from_category in (select category from largest)
            and to_category in (select category from largest)
        order by from_category, to_category
        """,
    ),
    Figure(
        "bridge",
        """
        select step, sum(rows) as rows, sum(amount) as amount
        from gmv_bridge
        group by step_number, step order by step_number, step
        """,
    ),
    Figure(
        "dispositions",
        """
        select disposition, min(reason) as example, count(*) as rows,
            round(sum(amount), 2) as amount
        from row_dispositions
        group by disposition order by rows desc, disposition
        """,
    ),
    Figure(
        "checks",
        """
        select run_id, max(checked_at) as checked_at, count(*) as rules,
            count(*) filter (not passed and severity = 'critical') as critical,
            count(*) filter (not passed and severity = 'warning') as warning,
            count(*) filter (not passed and severity = 'info') as info
        from quality_results
        group by run_id order by checked_at desc, run_id limit 60
        """,
    ),
    Figure(
        "failed_checks",
        """
        select severity, table_name, rule, unexpected_count, reason
        from quality_results
        where not passed and run_id = (select max_by(run_id, checked_at) from quality_results)
        order by severity, table_name, rule
        """,
    ),
    Figure(
        "files",
        """
        select source_file, source, status, rows, unreadable_rows, loaded_at, message
        from ingested_files
        order by loaded_at desc, source_file limit 200
        """,
    ),
    Figure(
        "marts",
        """
        select mart, rows, as_of_date, built_at, missing_inputs, freshness, late_sources
        from mart_status order by mart
        """,
    ),
)


def collect(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, list[Any]]]:
    """Every figure as `name → column → values`.

    Args:
        connection: with the published marts as its default schema.
    """
    connection.execute(PEOPLE)
    return {figure.name: _columns(connection, figure.query) for figure in FIGURES}


def _columns(connection: duckdb.DuckDBPyConnection, query: str) -> dict[str, list[Any]]:
    cursor = connection.execute(query)
    names = [column[0] for column in cursor.description]
    rows = cursor.fetchall()
    return {name: [_plain(row[i]) for row in rows] for i, name in enumerate(names)}


def _plain(value: Any) -> Any:
    """What JSON can hold; amounts keep their cents."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    return value.isoformat() if isinstance(value, date) else value
