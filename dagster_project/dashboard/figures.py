"""What the dashboard shows, aggregated from the published marts: SQL in, plain lists out.

Each figure is a list of columns, not of rows, so that the names stand once in the file. Whatever
can be filtered is counted by group of customers: those who share region, channel and segment.
Each customer is in one group, so the groups add up to any selection.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb

UNKNOWN = "?"

# The groups that the page filters by, and everybody's.
PEOPLE = f"""
create or replace temp table people as
with attributes as (
    select
        c.customer_id,
        coalesce(c.province, '{UNKNOWN}') as region,
        coalesce(c.acquisition_channel, '{UNKNOWN}') as channel,
        coalesce(r.segment, '{UNKNOWN}') as segment
    from dim_customers as c
    left join customer_rfm as r using (customer_id)
)

select *, dense_rank() over (order by region, channel, segment) - 1 as customer_group
from attributes
"""

# The values of a tag that most customers have.
SHOWN_TAGS = """
select tag_code, tag_value, count(*) as customers
from customer_tags
group by tag_code, tag_value
qualify row_number() over (partition by tag_code order by customers desc, tag_value) <= 6
"""


@dataclass(frozen=True)
class Figure:
    """One table of the page.

    Attributes:
        name: key in the page's data.
        query: SELECT whose columns the page's script reads by name; one that has a column
            `customer_group` can be filtered.
    """

    name: str
    query: str


FIGURES = (
    Figure(
        "groups",
        """
        select distinct customer_group, region, channel, segment
        from people order by customer_group
        """,
    ),
    Figure(
        "months",
        """
        select
            p.customer_group,
            strftime(o.order_date, '%Y-%m') as month,
            count(*) as orders,
            round(sum(o.net_amount), 2) as net_revenue,
            count(distinct o.customer_id) as customers,
            count(*) filter (o.purchase_number = 1) as new_customers
        from fct_orders as o inner join people as p using (customer_id)
        where o.is_purchase and o.order_date <= (select max(as_of_date) from mart_status)
        group by all order by all
        """,
    ),
    Figure(
        "rfm",
        """
        select
            p.customer_group, r.r_score, r.f_score,
            count(*) as customers, round(sum(r.monetary), 2) as monetary
        from customer_rfm as r inner join people as p using (customer_id)
        group by all order by all
        """,
    ),
    Figure(
        "states",
        """
        select p.customer_group, l.state, count(*) as customers
        from customer_lifecycle as l inner join people as p using (customer_id)
        group by all order by all
        """,
    ),
    Figure(
        "quadrants",
        """
        select
            p.customer_group, q.quadrant,
            count(*) as customers, round(sum(q.monetary), 2) as monetary
        from customer_value_quadrant as q inner join people as p using (customer_id)
        group by all order by all
        """,
    ),
    Figure(
        "psychologies",
        """
        select p.customer_group, y.psychology, count(*) as customers
        from customer_psychology as y inner join people as p using (customer_id)
        where y.is_dominant
        group by all order by all
        """,
    ),
    Figure(
        "churn_risks",
        """
        select
            p.customer_group, least(floor(r.churn_risk * 10), 9)::int as tenth,
            count(*) as customers, round(sum(r.expected_value_365d), 2) as expected_value_365d
        from customer_predictions as r inner join people as p using (customer_id)
        where r.churn_risk is not null
        group by all order by all
        """,
    ),
    Figure(
        "clusters",
        """
        select
            p.customer_group, c.cluster_name, c.cluster_name_zh, count(*) as customers
        from customer_clusters as c inner join people as p using (customer_id)
        where c.cluster_id is not null
        group by all order by all
        """,
    ),
    Figure(
        "cohort_groups",
        """
        with purchases as (
            select
                p.customer_id, p.customer_group,
                date_trunc('month', o.order_date) as month,
                min(date_trunc('month', o.order_date)) over (
                    partition by p.customer_id
                ) as cohort_month
            from fct_orders as o inner join people as p using (customer_id)
            where o.is_purchase and o.order_date <= (select max(as_of_date) from mart_status)
        )

        select
            customer_group, strftime(cohort_month, '%Y-%m') as cohort,
            datediff('month', cohort_month, month) as month_number,
            count(distinct customer_id) as active_customers
        from purchases
        where cohort_month > (
            select max(cohort_month) - interval 24 month from retention_cohorts
        ) and month_number <= 24
        group by all order by all
        """,
    ),
    Figure(
        "funnel_groups",
        """
        select p.customer_group, f.step, count(*) as customers
        from customer_lifecycle as l
        inner join people as p using (customer_id)
        inner join loyalty_funnel as f on l.purchases >= f.step
        group by all order by all
        """,
    ),
    Figure(
        "intervals",
        """
        select
            p.customer_group,
            least(floor(i.median_interval_days / 15) * 15, 360)::int as from_days,
            count(*) as customers
        from customer_repurchase_intervals as i inner join people as p using (customer_id)
        where i.median_interval_days is not null
        group by all order by all
        """,
    ),
    Figure(
        "tag_groups",
        f"""
        select p.customer_group, t.tag_code, t.tag_value, count(*) as customers
        from customer_tags as t
        inner join people as p using (customer_id)
        inner join ({SHOWN_TAGS}) as s using (tag_code, tag_value)
        group by all order by all
        """,
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
        f"""
        select d.tag_group, s.tag_code, d.name_zh, d.name_en, s.tag_value, s.customers
        from ({SHOWN_TAGS}) as s inner join tag_definitions as d using (tag_code)
        order by d.tag_group, d.name_en, s.customers desc, s.tag_value
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
        "campaigns",
        """
        select
            coalesce(name, '#' || campaign_id) as campaign, channel, status, start_date, end_date,
            targeted, reached, opened, clicked, converted, orders, net_revenue, cost, roi,
            returning_buyers, conversion_rate, returning_buyer_rate, coupon_redemption_rate,
            lift_estimate, lift_low, lift_high, lift_finding, incremental_revenue
        from campaign_results
        order by start_date desc nulls last, campaign_id limit 60
        """,
    ),
    Figure(
        "campaign_segments",
        """
        select
            coalesce(c.name, '#' || c.campaign_id) as campaign, s.segment as state, s.reached,
            s.conversion_rate, s.lift_estimate, s.lift_low, s.lift_high, s.lift_finding
        from campaign_segment_results as s inner join campaign_results as c using (campaign_id)
        where s.lift_estimate is not null
        order by s.lift_finding = 'proven' desc, abs(s.lift_estimate) desc,
            c.campaign_id, s.segment limit 40
        """,
    ),
    Figure(
        "attribution",
        """
        with largest as (
            select campaign_id, sum(attributed_revenue) as attributed_revenue
            from attribution
            group by campaign_id order by attributed_revenue desc, campaign_id limit 12
        )

        select
            coalesce(c.name, '#' || c.campaign_id) as campaign, a.model,
            sum(a.attributed_revenue) as attributed_revenue
        from attribution as a
        inner join largest as l using (campaign_id)
        inner join campaign_results as c using (campaign_id)
        group by c.campaign_id, c.name, a.model, l.attributed_revenue
        order by l.attributed_revenue desc, c.campaign_id, a.model
        """,
    ),
    Figure(
        "ab_tests",
        """
        select
            coalesce(c.name, '#' || c.campaign_id) as campaign, t.variant, t.metric, t.units,
            t.mean, t.difference as difference_in_means, t.ci_low, t.ci_high, t.p_value,
            t.sample_ratio_p_value, t.minimum_detectable_effect
        from ab_test_results as t inner join campaign_results as c using (campaign_id)
        order by c.start_date desc nulls last, c.campaign_id, t.metric, t.variant limit 120
        """,
    ),
    Figure(
        "audiences",
        """
        select
            code, name_zh, name_en, rule, rule_zh, action, action_zh, channel, customers,
            holdout_customers, matched_customers, opted_out_customers, refunded_customers,
            resting_customers, later_customers, outranked_customers, missing_inputs
        from audiences
        where is_active
        order by priority, code
        """,
    ),
    Figure(
        "audience_groups",
        """
        select p.customer_group, m.code, count(*) as customers
        from audience_members as m inner join people as p using (customer_id)
        group by all order by all
        """,
    ),
    Figure(
        "sending",
        """
        select send_on, count(*) filter (not is_holdout) as messages
        from audience_members
        group by all order by all
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
        "watched",
        """
        select as_of_date as night, measure, subject, round(value_before, 3) as value_before,
            round(value, 3) as value_now, round(coalesce(stability_index, change), 3) as moved
        from watched_figures
        where is_warning
        order by night desc, measure, subject limit 200
        """,
    ),
    Figure(
        "watched_nights",
        """
        select as_of_date as night, count(*) as watched_figures,
            count(*) filter (is_warning) as warning
        from watched_figures
        group by as_of_date order by as_of_date desc limit 60
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
