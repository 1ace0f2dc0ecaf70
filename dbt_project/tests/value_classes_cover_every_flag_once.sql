{{ config(meta={'dagster': {'ref': {'name': 'value_classes'}}}) }}

-- Each of the eight ways that R, F and M can be high or low is exactly one class.
with flags as (

    select true as is_high
    union all
    select false as is_high

),

combinations as (

    select
        r.is_high as r_high,
        f.is_high as f_high,
        m.is_high as m_high
    from flags as r
    cross join flags as f
    cross join flags as m

)

select
    c.r_high,
    c.f_high,
    c.m_high,
    count(v.value_class) as value_classes
from combinations as c
left join {{ ref('value_classes') }} as v
    on c.r_high = v.r_high and c.f_high = v.f_high and c.m_high = v.m_high
group by c.r_high, c.f_high, c.m_high
having count(v.value_class) <> 1
