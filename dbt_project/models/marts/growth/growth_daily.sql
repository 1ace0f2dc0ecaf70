with calendar as (

    select * from {{ ref('int_calendar') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

purchases as (

    select * from {{ ref('int_purchases') }}

),

boundaries as (

    select * from {{ ref('int_lifecycle_boundaries') }}

),

orders as (

    select * from {{ ref('fct_orders') }}

),

customers as (

    select * from {{ ref('dim_customers') }}

),

-- One row per customer and purchase day, with the purchase days around it.
customer_days as (

    select distinct customer_id, purchase_date
    from purchases

),

neighbours as (

    select
        customer_id,
        purchase_date,
        lag(purchase_date) over (partition by customer_id order by purchase_date) as previous_date,
        lead(purchase_date) over (partition by customer_id order by purchase_date) as next_date
    from customer_days

),

previous_purchases as (

    select
        customer_id,
        purchase_date,
        previous_purchase_date,
        next_purchase_date
    from purchases
    where purchase_number > 1

),

-- Each purchase opens an interval of days in which its customer counts; it ends when the window has passed or the
-- next purchase opens its own. Counting starts minus ends costs two rows a purchase instead of one a day of window.
changes as (

    {% for days in [7, 30, 60] -%}
    select
        'active_{{ days }}d' as measure,
        purchase_date as change_date,
        1 as change
    from neighbours
    union all
    select
        'active_{{ days }}d' as measure,
        case
            when next_date is not null and next_date < {{ add_days('purchase_date', days) }} then next_date
            else {{ add_days('purchase_date', days) }}
        end as change_date,
        -1 as change
    from neighbours
    union all
    {% endfor -%}
    select 'alive' as measure, n.purchase_date as change_date, 1 as change
    from neighbours as n
    union all
    select
        'alive' as measure,
        case
            when
                n.next_date is not null
                and n.next_date <= {{ add_days('n.purchase_date', 'b.churned_after_days') }}
                then n.next_date
            else {{ add_days('n.purchase_date', 'b.churned_after_days + 1') }}
        end as change_date,
        -1 as change
    from neighbours as n
    cross join boundaries as b
    union all
    select
        'buyers_in_window' as measure,
        purchase_date as change_date,
        1 as change
    from neighbours
    union all
    select
        'buyers_in_window' as measure,
        case
            when
                next_date is not null
                and next_date < {{ add_days('purchase_date', var('repurchase_window_days')) }}
                then next_date
            else {{ add_days('purchase_date', var('repurchase_window_days')) }}
        end as change_date,
        -1 as change
    from neighbours
    union all
    -- Two purchases stand in the window from the later one on, until the earlier one leaves it.
    select
        'repeat_buyers_in_window' as measure,
        purchase_date as change_date,
        1 as change
    from previous_purchases
    where previous_purchase_date > {{ add_days('purchase_date', -var('repurchase_window_days')) }}
    union all
    select
        'repeat_buyers_in_window' as measure,
        case
            when
                next_purchase_date is not null
                and next_purchase_date < {{ add_days('previous_purchase_date', var('repurchase_window_days')) }}
                then next_purchase_date
            else {{ add_days('previous_purchase_date', var('repurchase_window_days')) }}
        end as change_date,
        -1 as change
    from previous_purchases
    where previous_purchase_date > {{ add_days('purchase_date', -var('repurchase_window_days')) }}

),

changes_by_day as (

    select
        change_date,
        sum(case when measure = 'active_7d' then change else 0 end) as active_7d,
        sum(case when measure = 'active_30d' then change else 0 end) as active_30d,
        sum(case when measure = 'active_60d' then change else 0 end) as active_60d,
        sum(case when measure = 'alive' then change else 0 end) as alive,
        sum(case when measure = 'buyers_in_window' then change else 0 end) as buyers,
        sum(case when measure = 'repeat_buyers_in_window' then change else 0 end) as repeat_buyers
    from changes
    group by change_date

),

buyers_by_day as (

    select
        purchase_date,
        count(*) as active_1d,
        sum(case when previous_date is null then 1 else 0 end) as new_customers,
        sum(case when previous_date is not null then 1 else 0 end) as returning_customers
    from neighbours
    group by purchase_date

),

churned_by_day as (

    select
        {{ add_days('n.purchase_date', 'b.churned_after_days + 1') }} as churn_date,
        count(*) as churned_customers
    from neighbours as n
    cross join boundaries as b
    where n.next_date is null or n.next_date > {{ add_days('n.purchase_date', 'b.churned_after_days') }}
    group by {{ add_days('n.purchase_date', 'b.churned_after_days + 1') }}

),

referred_by_day as (

    select n.purchase_date, count(*) as referred_customers
    from neighbours as n
    inner join customers as c on n.customer_id = c.customer_id and c.referrer_id is not null
    where n.previous_date is null
    group by n.purchase_date

),

any_referrals as (

    select count(*) as referred from customers where referrer_id is not null

),

orders_by_day as (

    select
        order_date,
        sum(case when is_purchase then 1 else 0 end) as orders,
        sum(net_amount) as net_revenue,
        sum(case when is_purchase then net_amount else 0 end) as purchase_revenue
    from orders
    group by order_date

),

by_day as (

    select
        d.calendar_date,
        coalesce(b.active_1d, 0) as active_1d,
        coalesce(b.new_customers, 0) as new_customers,
        coalesce(b.returning_customers, 0) as returning_customers,
        coalesce(c.churned_customers, 0) as churned_customers,
        coalesce(r.referred_customers, 0) as referred_customers,
        coalesce(o.orders, 0) as orders,
        coalesce(o.net_revenue, 0) as net_revenue,
        coalesce(o.purchase_revenue, 0) as purchase_revenue,
        {% for measure in ['active_7d', 'active_30d', 'active_60d', 'alive', 'buyers', 'repeat_buyers'] -%}
        sum(coalesce(h.{{ measure }}, 0)) over (
            order by d.calendar_date rows between unbounded preceding and current row
        ) as {{ measure }},
        {% endfor -%}
        sum(coalesce(b.new_customers, 0)) over (
            order by d.calendar_date rows between unbounded preceding and current row
        ) as customers_so_far,
        sum(coalesce(c.churned_customers, 0)) over (
            order by d.calendar_date rows between 29 preceding and current row
        ) as churned_30d
    from calendar as d
    left join buyers_by_day as b on d.calendar_date = b.purchase_date
    left join churned_by_day as c on d.calendar_date = c.churn_date
    left join referred_by_day as r on d.calendar_date = r.purchase_date
    left join orders_by_day as o on d.calendar_date = o.order_date
    left join changes_by_day as h on d.calendar_date = h.change_date

),

lagged as (

    select
        *,
        lag(active_30d, 30) over (order by calendar_date) as active_before_30d,
        lag(alive, 30) over (order by calendar_date) as alive_before
    from by_day

),

final as (

    select
        cast(a.as_of_date as date) as as_of_date,
        cast(l.calendar_date as date) as date,
        cast(l.new_customers as bigint) as new_customers,
        cast(l.active_1d as bigint) as active_customers_1d,
        cast(l.active_7d as bigint) as active_customers_7d,
        cast(l.active_30d as bigint) as active_customers_30d,
        cast(l.returning_customers as bigint) as returning_customers,
        cast(l.churned_customers as bigint) as churned_customers,
        -- In both windows = in either window counted twice, minus in the union of 60 days.
        cast(
            (l.active_30d + l.active_before_30d - l.active_60d) / cast(nullif(l.active_before_30d, 0) as double) as double
        ) as retention_rate_30d,
        cast(
            case
                when g.referred > 0
                    then l.referred_customers / cast(nullif(l.customers_so_far - l.new_customers, 0) as double)
            end as double
        ) as propagation_rate,
        cast(l.churned_30d / cast(nullif(l.alive_before, 0) as double) as double) as churn_rate_30d,
        cast(l.orders as bigint) as orders,
        cast(l.net_revenue as decimal(18, 2)) as net_revenue,
        cast(l.purchase_revenue / nullif(l.orders, 0) as decimal(18, 2)) as average_order_value,
        cast(l.repeat_buyers / cast(nullif(l.buyers, 0) as double) as double) as repurchase_rate
    from lagged as l
    cross join as_of as a
    cross join any_referrals as g

)

select * from final
