{{ config(meta={'dagster': {'ref': {'name': 'rfm_segments'}}}) }}

-- Each of the 125 combinations of three scores belongs to exactly one segment.
with digits as (

    {% for digit in range(1, 6) -%}
        select {{ digit }} as score
        {{ "union all" if not loop.last }}
    {% endfor %}
),

combinations as (

    select
        r.score as r_score,
        f.score as f_score,
        m.score as m_score
    from digits as r
    cross join digits as f
    cross join digits as m

)

select
    c.r_score,
    c.f_score,
    c.m_score,
    count(s.segment) as segments
from combinations as c
left join {{ ref('rfm_segments') }} as s
    on
        c.r_score between s.r_min and s.r_max
        and c.f_score between s.f_min and s.f_max
        and c.m_score between s.m_min and s.m_max
group by c.r_score, c.f_score, c.m_score
having count(s.segment) <> 1
