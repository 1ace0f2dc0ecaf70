{{ config(materialized='incremental', incremental_strategy='replace_scope', unique_key='snapshot_date', on_schema_change='fail',
          meta={'scope': 'int_touched_snapshots'}) }}
{%- set windows = {'rfm_window': var('rfm_window_days'), 'membership_window': var('membership_window_days')} -%}
with purchases as (

    select * from {{ ref('int_purchases') }}

),

snapshot_dates as (

    select * from {{ ref('int_snapshot_dates') }}
    where {{ in_scope('snapshot_date', 'int_touched_snapshots') }}

),

running as (

    select
        customer_id,
        purchase_number,
        purchase_date,
        next_purchase_date,
        interval_days,
        min(purchase_date) over (partition by customer_id) as first_purchase_date,
        sum(net_amount) over (
            partition by customer_id
            order by purchase_number
            rows between unbounded preceding and current row
        ) as net_amount
    from purchases

),

-- A purchase is its customer's latest one from its own day until the day of the next.
standing as (

    select
        s.snapshot_date,
        s.previous_snapshot_date,
        s.is_as_of,
        r.*
    from snapshot_dates as s
    inner join running as r
        on
            s.snapshot_date >= r.purchase_date
            and (r.next_purchase_date is null or s.snapshot_date < r.next_purchase_date)

),

-- What stood on the day before each window begins; the window holds the difference.
{% for window, days in windows.items() -%}
before_{{ window }} as (
{% if days is none %}
    select
        snapshot_date,
        customer_id,
        cast(0 as bigint) as purchases,
        cast(0 as decimal(18, 2)) as net_amount
    from standing
    where 1 = 0
{% else %}
    select
        s.snapshot_date,
        r.customer_id,
        r.purchase_number as purchases,
        r.net_amount
    from snapshot_dates as s
    inner join running as r
        on
            {{ add_days('s.snapshot_date', -days) }} >= r.purchase_date
            and (r.next_purchase_date is null or {{ add_days('s.snapshot_date', -days) }} < r.next_purchase_date)
{% endif %}
),

{% endfor -%}
final as (

    select
        s.snapshot_date,
        s.previous_snapshot_date,
        s.is_as_of,
        s.customer_id,
        s.purchase_number as purchases,
        s.net_amount,
        s.first_purchase_date,
        s.purchase_date as last_purchase_date,
        s.interval_days as last_interval_days,
        {{ days_between('s.purchase_date', 's.snapshot_date') }} as recency_days,
        s.purchase_number - coalesce(w.purchases, 0) as frequency,
        cast(s.net_amount - coalesce(w.net_amount, 0) as decimal(18, 2)) as monetary,
        s.purchase_number - coalesce(m.purchases, 0) as qualifying_orders,
        cast(s.net_amount - coalesce(m.net_amount, 0) as decimal(18, 2)) as qualifying_amount,
        coalesce(w.purchases, 0) as purchases_before_window,
        coalesce(w.net_amount, 0) as net_amount_before_window,
        coalesce(m.purchases, 0) as purchases_before_membership,
        coalesce(m.net_amount, 0) as net_amount_before_membership
    from standing as s
    left join before_rfm_window as w on s.snapshot_date = w.snapshot_date and s.customer_id = w.customer_id
    left join before_membership_window as m on s.snapshot_date = m.snapshot_date and s.customer_id = m.customer_id

)

select * from final
