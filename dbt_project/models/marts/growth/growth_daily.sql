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

items as (

    select * from {{ ref('int_purchase_items') }}

),

visits as (

    select distinct customer_id, cast(event_at as date) as visit_date
    from {{ ref('fct_events') }}
    where customer_id is not null

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

first_days as (

    select customer_id, purchase_date as first_date
    from neighbours
    where previous_date is null

),

first_calendar_day as (

    select min(calendar_date) as first_day from calendar

),

visitor_days as (

    select
        v.customer_id,
        v.visit_date,
        lead(v.visit_date) over (partition by v.customer_id order by v.visit_date) as next_date,
        d.first_day
    from visits as v
    -- Visits may begin before the first order; the calendar does not.
    cross join first_calendar_day as d

),

visit_range as (

    select min(visit_date) as first_visit, max(visit_date) as last_visit from visits

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
    union all
    select
        'visitors_30d' as measure,
        greatest(visit_date, first_day) as change_date,
        1 as change
    from visitor_days
    union all
    select
        'visitors_30d' as measure,
        case
            when next_date is not null and next_date < {{ add_days('visit_date', 30) }}
                then greatest(next_date, first_day)
            else greatest({{ add_days('visit_date', 30) }}, first_day)
        end as change_date,
        -1 as change
    from visitor_days

),

changes_by_day as (

    select
        change_date,
        sum(case when measure = 'active_7d' then change else 0 end) as active_7d,
        sum(case when measure = 'active_30d' then change else 0 end) as active_30d,
        sum(case when measure = 'active_60d' then change else 0 end) as active_60d,
        sum(case when measure = 'alive' then change else 0 end) as alive,
        sum(case when measure = 'buyers_in_window' then change else 0 end) as buyers,
        sum(case when measure = 'repeat_buyers_in_window' then change else 0 end) as repeat_buyers,
        sum(case when measure = 'visitors_30d' then change else 0 end) as visitors_30d
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

visitors_by_day as (

    select visit_date, count(*) as visitors_1d
    from visits
    group by visit_date

),

-- Of those who bought first on a day, how many bought again within 30 days.
soon_again_by_day as (

    select
        purchase_date,
        sum(case when next_purchase_date <= {{ add_days('purchase_date', 30) }} then 1 else 0 end) as soon_again
    from purchases
    where purchase_number = 1
    group by purchase_date

),

-- Purchases of known customers; existing is who bought on an earlier day.
known_by_day as (

    select
        p.purchase_date,
        count(*) as known_orders,
        sum(p.net_amount) as known_revenue,
        sum(case when p.purchase_date > f.first_date then p.net_amount else 0 end) as existing_revenue
    from purchases as p
    inner join first_days as f on p.customer_id = f.customer_id
    group by p.purchase_date

),

profit_by_day as (

    select
        order_date,
        sum(revenue) as item_revenue,
        sum(case when unit_cost is not null then revenue else 0 end) as costed_revenue,
        sum(revenue - unit_cost * kept_pieces) as gross_profit
    from items
    group by order_date

),

by_day as (

    select
        d.calendar_date,
        row_number() over (order by d.calendar_date) as day_number,
        coalesce(b.active_1d, 0) as active_1d,
        coalesce(b.new_customers, 0) as new_customers,
        coalesce(b.returning_customers, 0) as returning_customers,
        coalesce(c.churned_customers, 0) as churned_customers,
        coalesce(r.referred_customers, 0) as referred_customers,
        coalesce(o.orders, 0) as orders,
        coalesce(o.net_revenue, 0) as net_revenue,
        coalesce(o.purchase_revenue, 0) as purchase_revenue,
        coalesce(v.visitors_1d, 0) as visitors_1d,
        coalesce(k.known_revenue, 0) as known_revenue,
        coalesce(k.existing_revenue, 0) as existing_revenue,
        p.item_revenue,
        p.costed_revenue,
        p.gross_profit,
        {% for measure in ['active_7d', 'active_30d', 'active_60d', 'alive', 'buyers', 'repeat_buyers', 'visitors_30d'] -%}
        sum(coalesce(h.{{ measure }}, 0)) over (
            order by d.calendar_date rows between unbounded preceding and current row
        ) as {{ measure }},
        {% endfor -%}
        sum(coalesce(b.new_customers, 0)) over (
            order by d.calendar_date rows between unbounded preceding and current row
        ) as customers_so_far,
        {% for measure in ['c.churned_customers', 'k.known_orders', 'k.known_revenue', 'k.existing_revenue'] -%}
        sum(coalesce({{ measure }}, 0)) over (
            order by d.calendar_date rows between 29 preceding and current row
        ) as {{ measure[2:] }}_30d,
        {% endfor -%}
        {% for measure in ['b.new_customers', 'g.soon_again'] -%}
        sum(coalesce({{ measure }}, 0)) over (
            order by d.calendar_date rows between 60 preceding and 31 preceding
        ) as {{ measure[2:] }}_31_to_60d_ago,
        {% endfor -%}
        sum(coalesce(b.new_customers, 0)) over (
            order by d.calendar_date rows between 6 preceding and current row
        ) as new_customers_7d
    from calendar as d
    left join buyers_by_day as b on d.calendar_date = b.purchase_date
    left join churned_by_day as c on d.calendar_date = c.churn_date
    left join referred_by_day as r on d.calendar_date = r.purchase_date
    left join orders_by_day as o on d.calendar_date = o.order_date
    left join changes_by_day as h on d.calendar_date = h.change_date
    left join visitors_by_day as v on d.calendar_date = v.visit_date
    left join soon_again_by_day as g on d.calendar_date = g.purchase_date
    left join known_by_day as k on d.calendar_date = k.purchase_date
    left join profit_by_day as p on d.calendar_date = p.order_date

),

lagged as (

    select
        *,
        lag(active_30d, 30) over (order by calendar_date) as active_before_30d,
        lag(alive, 30) over (order by calendar_date) as alive_before,
        lag(new_customers) over (order by calendar_date) as new_customers_before,
        case when day_number >= 14 then lag(new_customers_7d, 7) over (order by calendar_date) end as new_customers_7d_before
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
        cast(l.churned_customers_30d / cast(nullif(l.alive_before, 0) as double) as double) as churn_rate_30d,
        cast(l.orders as bigint) as orders,
        cast(l.net_revenue as decimal(18, 2)) as net_revenue,
        {{ half_up('l.purchase_revenue / nullif(l.orders, 0)', 18, 2) }} as average_order_value,
        cast(l.repeat_buyers / cast(nullif(l.buyers, 0) as double) as double) as repurchase_rate,
        cast(
            l.new_customers / cast(nullif(l.new_customers_before, 0) as double) - 1 as double
        ) as new_customers_change_1d,
        cast(
            l.new_customers_7d / cast(nullif(l.new_customers_7d_before, 0) as double) - 1 as double
        ) as new_customers_change_7d,
        cast(
            l.soon_again_31_to_60d_ago / cast(nullif(l.new_customers_31_to_60d_ago, 0) as double) as double
        ) as new_customer_repurchase_rate,
        cast(l.known_orders_30d / cast(nullif(l.active_30d, 0) as double) as double) as orders_per_customer,
        cast(
            cast(l.existing_revenue as double) / nullif(cast(l.known_revenue as double), 0) as double
        ) as share_of_revenue_from_existing,
        cast(
            cast(l.existing_revenue_30d as double) / nullif(cast(l.known_revenue_30d as double), 0) as double
        ) as share_of_revenue_from_existing_30d,
        cast(l.gross_profit as decimal(18, 2)) as gross_profit,
        cast(
            cast(l.costed_revenue as double) / nullif(cast(l.item_revenue as double), 0) as double
        ) as cost_coverage,
        cast(
            case when l.calendar_date between r.first_visit and r.last_visit then l.visitors_1d end as bigint
        ) as active_visitors_1d,
        cast(
            case when l.calendar_date between r.first_visit and r.last_visit then l.visitors_30d end as bigint
        ) as active_visitors_30d
    from lagged as l
    cross join as_of as a
    cross join any_referrals as g
    cross join visit_range as r

)

select * from final
