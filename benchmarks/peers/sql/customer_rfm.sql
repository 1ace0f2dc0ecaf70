with means as (

    select avg(s.r_score) as r_mean, avg(s.f_score) as f_mean, avg(s.m_score) as m_mean
    from core.customer_scores as s

)

select
    b.as_of_date,
    s.customer_id,
    s.recency_days,
    s.frequency,
    s.monetary,
    s.r_score,
    s.f_score,
    s.m_score,
    cast(s.r_score * 100 + s.f_score * 10 + s.m_score as varchar) as rfm_score,
    g.segment,
    v.value_class,
    case when s.frequency >= 4 then '4+' else cast(s.frequency as varchar) end as frequency_class,
    cast(s.monetary as double) / s.frequency as average_order_value
from core.customer_scores as s
cross join core.lifecycle_boundaries as b
cross join means as m
left join @segments as g
    on
        s.r_score between g.r_min and g.r_max
        and s.f_score between g.f_min and g.f_max
        and s.m_score between g.m_min and g.m_max
left join @value_classes as v
    on
        (s.r_score >= m.r_mean) = v.r_high
        and (s.f_score >= m.f_mean) = v.f_high
        and (s.m_score >= m.m_mean) = v.m_high
