{#-
  The CTEs of a repurchase table, from a CTE `bought` (one row per customer_id, order_date and item): `repurchases` has one
  row per item. A percentile is the smallest number of days that covers the share, as for the lifecycle boundaries.
-#}
{% macro repurchase_ctes() %}
following as (

    select
        item,
        order_date,
        lag(order_date) over (partition by item, customer_id order by order_date) as previous_date
    from bought

),

gap_counts as (

    select
        item,
        {{ days_between('previous_date', 'order_date') }} as gap_days,
        count(*) as occurrences
    from following
    where previous_date is not null
    group by item, {{ days_between('previous_date', 'order_date') }}

),

buyers as (

    select item, customer_id, count(*) as days
    from bought
    group by item, customer_id

),

by_item as (

    select
        item,
        count(*) as customers,
        sum(case when days > 1 then 1 else 0 end) as repeat_customers
    from buyers
    group by item

),

cumulated as (

    select
        item,
        gap_days,
        sum(occurrences) over (
            partition by item
            order by gap_days
            rows between unbounded preceding and current row
        ) as so_far,
        sum(occurrences) over (partition by item) as total
    from gap_counts

),

-- The median is the mean of the two middle intervals, which are one where their number is odd.
percentiles as (

    select
        item,
        max(total) as intervals,
        (
            min(case when 2 * so_far >= total then gap_days end)
            + min(case when 2 * so_far >= total + 1 then gap_days end)
        ) / cast(2 as double) as median_interval_days,
        min(case when so_far >= 0.25 * total then gap_days end) as p25_interval_days,
        min(case when so_far >= 0.75 * total then gap_days end) as p75_interval_days
    from cumulated
    group by item

),

repurchases as (

    select
        b.item,
        cast(b.customers as bigint) as customers,
        cast(b.repeat_customers as bigint) as repeat_customers,
        cast(b.repeat_customers as double) / b.customers as repurchase_rate,
        cast(coalesce(p.intervals, 0) as bigint) as intervals,
        cast(p.median_interval_days as double) as median_interval_days,
        cast(p.p25_interval_days as bigint) as p25_interval_days,
        cast(p.p75_interval_days as bigint) as p75_interval_days
    from by_item as b
    left join percentiles as p on b.item = p.item

)
{%- endmacro %}
