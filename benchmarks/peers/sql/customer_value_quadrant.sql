with means as (

    select
        cast(sum(s.monetary) as double) / count(*) as amount_threshold,
        cast(sum(s.frequency) as double) / count(*) as frequency_threshold
    from core.customer_scores as s

)

select
    b.as_of_date,
    s.customer_id,
    s.monetary,
    s.frequency,
    m.amount_threshold,
    m.frequency_threshold,
    case when s.monetary >= m.amount_threshold then 'high' else 'low' end as amount_level,
    case when s.frequency >= m.frequency_threshold then 'high' else 'low' end as frequency_level,
    case
        when s.monetary >= m.amount_threshold and s.frequency >= m.frequency_threshold then 'premium'
        when s.monetary >= m.amount_threshold then 'potential'
        when s.frequency >= m.frequency_threshold then 'problem'
        else 'pending'
    end as quadrant
from core.customer_scores as s
cross join core.lifecycle_boundaries as b
cross join means as m
