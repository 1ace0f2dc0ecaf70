{{ config(materialized='incremental', incremental_strategy='replace_scope', unique_key='snapshot_date', on_schema_change='fail',
          meta={'scope': 'int_touched_snapshots'}) }}
with chains as (

    select * from {{ ref('int_state_chains') }}
    where known_on is not null and {{ in_scope('snapshot_date', 'int_touched_snapshots') }}

),

dates_read as (

    select snapshot_date from chains
    union
    select previous_snapshot_date as snapshot_date from chains

),

snapshots as (

    select * from {{ ref('int_customer_snapshots') }}
    where snapshot_date in (select d.snapshot_date from dates_read as d)

),

-- The customer of today judged by the cut points of the date before.
cut_points_held as (

    select
        'cut_points_held' as scenario,
        c.snapshot_date,
        c.previous_snapshot_date as cut_date,
        c.customer_id,
        p.purchases,
        p.recency_days,
        p.last_interval_days,
        p.frequency,
        p.monetary,
        p.qualifying_orders,
        p.qualifying_amount
    from chains as c
    inner join snapshots as p on c.snapshot_date = p.snapshot_date and c.customer_id = p.customer_id

),

-- Only the purchases of the time between, as if no day had passed: the windows begin where they began, and the last
-- purchase is as near as the nearer of the two dates saw it.
only_purchases as (

    select
        'only_purchases' as scenario,
        c.snapshot_date,
        c.previous_snapshot_date as cut_date,
        c.customer_id,
        p.purchases,
        case when p.recency_days < b.recency_days then p.recency_days else b.recency_days end as recency_days,
        p.last_interval_days,
        p.purchases - b.purchases_before_window as frequency,
        p.net_amount - b.net_amount_before_window as monetary,
        p.purchases - b.purchases_before_membership as qualifying_orders,
        p.net_amount - b.net_amount_before_membership as qualifying_amount
    from chains as c
    inner join snapshots as p on c.snapshot_date = p.snapshot_date and c.customer_id = p.customer_id
    inner join snapshots as b on c.previous_snapshot_date = b.snapshot_date and c.customer_id = b.customer_id
    where p.purchases > b.purchases

),

features as (

    select * from cut_points_held
    union all
    select * from only_purchases

),

{{ judged_customers('features', ref('int_cut_points'), ['scenario', 'snapshot_date', 'customer_id']) }},

final as (

    select
        scenario,
        snapshot_date,
        customer_id,
        {% for dimension in state_dimensions() if dimension != 'psychology' -%}
        {{ dimension }}{{ "," if not loop.last }}
        {% endfor %}
    from judged

)

select * from final
