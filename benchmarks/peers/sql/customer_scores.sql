-- Score = 1 + floor(5 × share of customers below), equal values equal; for F one purchase scores 1 and repeat buyers 2
-- to 5. Ranks are taken from counts per value, never from a window over customers.
with measured as (

    select p.customer_id, date_diff('day', p.last_purchase_date, b.as_of_date) as recency_days, p.frequency, p.monetary
    from core.customer_purchases as p
    cross join core.lifecycle_boundaries as b

),

value_counts as (

    select 'r' as measure, cast(-m.recency_days as decimal(18, 2)) as measured_value, count(*) as customers
    from measured as m
    group by m.recency_days
    union all
    select 'f' as measure, cast(m.frequency as decimal(18, 2)) as measured_value, count(*) as customers
    from measured as m
    where m.frequency > 1
    group by m.frequency
    union all
    select 'm' as measure, m.monetary as measured_value, count(*) as customers
    from measured as m
    group by m.monetary

),

cumulated as (

    select
        v.measure,
        v.measured_value,
        case when v.measure = 'f' then 2 else 1 end as lowest,
        sum(v.customers) over (
            partition by v.measure order by v.measured_value rows between unbounded preceding and current row
        ) - v.customers as lower_customers,
        sum(v.customers) over (partition by v.measure) as all_customers
    from value_counts as v

),

scored_values as (

    select
        c.measure,
        c.measured_value,
        least(
            5,
            c.lowest
            + floor(
                (6 - c.lowest) * cast(c.lower_customers as double) / greatest(c.all_customers - 1, 1)
            )
        ) as score
    from cumulated as c

),

cuts as (

    select
        -min(case when s.measure = 'r' and s.score >= 2 then s.measured_value end) as r_2,
        -min(case when s.measure = 'r' and s.score >= 3 then s.measured_value end) as r_3,
        -min(case when s.measure = 'r' and s.score >= 4 then s.measured_value end) as r_4,
        -min(case when s.measure = 'r' and s.score >= 5 then s.measured_value end) as r_5,
        min(case when s.measure = 'f' and s.score >= 3 then s.measured_value end) as f_3,
        min(case when s.measure = 'f' and s.score >= 4 then s.measured_value end) as f_4,
        min(case when s.measure = 'f' and s.score >= 5 then s.measured_value end) as f_5,
        min(case when s.measure = 'm' and s.score >= 2 then s.measured_value end) as m_2,
        min(case when s.measure = 'm' and s.score >= 3 then s.measured_value end) as m_3,
        min(case when s.measure = 'm' and s.score >= 4 then s.measured_value end) as m_4,
        min(case when s.measure = 'm' and s.score >= 5 then s.measured_value end) as m_5
    from scored_values as s

)

select
    m.customer_id,
    m.recency_days,
    m.frequency,
    m.monetary,
    case
        when m.recency_days <= c.r_5 then 5 when m.recency_days <= c.r_4 then 4
        when m.recency_days <= c.r_3 then 3 when m.recency_days <= c.r_2 then 2 else 1
    end as r_score,
    case
        when m.frequency >= c.f_5 then 5 when m.frequency >= c.f_4 then 4
        when m.frequency >= c.f_3 then 3 when m.frequency >= 2 then 2 else 1
    end as f_score,
    case
        when m.monetary >= c.m_5 then 5 when m.monetary >= c.m_4 then 4
        when m.monetary >= c.m_3 then 3 when m.monetary >= c.m_2 then 2 else 1
    end as m_score
from measured as m
cross join cuts as c
