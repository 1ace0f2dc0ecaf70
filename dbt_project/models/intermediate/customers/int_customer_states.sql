{{ config(materialized='incremental', incremental_strategy='replace_scope', unique_key='snapshot_date', on_schema_change='fail',
          meta={'scope': 'int_touched_snapshots'}) }}
with snapshots as (

    select * from {{ ref('int_customer_snapshots') }}
    where {{ in_scope('snapshot_date', 'int_touched_snapshots') }}

),

snapshot_dates as (

    select * from {{ ref('int_snapshot_dates') }}
    where {{ in_scope('snapshot_date', 'int_touched_snapshots') }}

),

customers as (

    select * from {{ ref('dim_customers') }}

),

psychology as (

    select * from {{ ref('int_customer_psychology') }}
    where {{ in_scope('snapshot_date', 'int_touched_snapshots') }}

),

features as (

    select
        snapshot_date,
        snapshot_date as cut_date,
        customer_id,
        purchases,
        recency_days,
        last_interval_days,
        frequency,
        monetary,
        qualifying_orders,
        qualifying_amount
    from snapshots

),

{{ judged_customers('features') }},

known as (

    select
        c.customer_id,
        {{ known_since('c') }} as known_since,
        cast(c.first_purchase_at as date) as first_purchase_date
    from customers as c

),

-- Who is known by a date and has not bought by then.
prospects as (

    select
        s.snapshot_date,
        k.customer_id
    from known as k
    inner join snapshot_dates as s
        on
            (k.known_since is null or s.snapshot_date >= k.known_since)
            and (k.first_purchase_date is null or s.snapshot_date < k.first_purchase_date)

),

final as (

    select
        j.snapshot_date,
        j.customer_id,
        j.r_score,
        j.f_score,
        j.m_score,
        j.segment,
        j.value_class,
        j.frequency_class,
        j.amount_level,
        j.frequency_level,
        j.quadrant,
        j.lifecycle,
        j.tier,
        p.dominant_psychology as psychology
    from judged as j
    left join psychology as p on j.snapshot_date = p.snapshot_date and j.customer_id = p.customer_id

    union all

    select
        snapshot_date,
        customer_id,
        cast(null as bigint) as r_score,
        cast(null as bigint) as f_score,
        cast(null as bigint) as m_score,
        cast(null as {{ dbt.type_string() }}) as segment,
        cast(null as {{ dbt.type_string() }}) as value_class,
        cast(null as {{ dbt.type_string() }}) as frequency_class,
        cast(null as {{ dbt.type_string() }}) as amount_level,
        cast(null as {{ dbt.type_string() }}) as frequency_level,
        cast(null as {{ dbt.type_string() }}) as quadrant,
        'prospect' as lifecycle,
        cast(null as {{ dbt.type_string() }}) as tier,
        cast(null as {{ dbt.type_string() }}) as psychology
    from prospects

)

select * from final
