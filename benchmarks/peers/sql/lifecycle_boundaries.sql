-- The shop's own 50th, 80th and 95th percentile of days between purchases, the smallest number of days that covers the
-- share; fixed days where there are fewer than 30 intervals.
with intervals as (

    select o.interval_days, count(*) as occurrences
    from core.fct_orders as o
    where o.interval_days > 0
    group by o.interval_days

),

cumulated as (

    select
        i.interval_days,
        sum(i.occurrences) over (order by i.interval_days rows between unbounded preceding and current row) as so_far,
        sum(i.occurrences) over () as total
    from intervals as i

),

percentiles as (

    select
        coalesce(max(c.total), 0) >= 30 as is_from_own_intervals,
        min(case when c.so_far >= 0.50 * c.total then c.interval_days end) as silent_days,
        min(case when c.so_far >= 0.80 * c.total then c.interval_days end) as sleeping_days,
        min(case when c.so_far >= 0.95 * c.total then c.interval_days end) as churned_days
    from cumulated as c

)

select
    (select max(o.order_date) from core.fct_orders as o) as as_of_date,
    case when p.is_from_own_intervals then p.silent_days else 30 end as silent_after_days,
    case when p.is_from_own_intervals then p.sleeping_days else 90 end as sleeping_after_days,
    case when p.is_from_own_intervals then p.churned_days else 180 end as churned_after_days
from percentiles as p
