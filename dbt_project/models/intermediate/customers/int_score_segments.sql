with segments as (

    select * from {{ ref('rfm_segments') }}

),

digits as (

    {% for digit in range(1, 6) -%}
    select {{ digit }} as score
    {{ "union all" if not loop.last }}
    {% endfor %}
),

final as (

    select
        r.score as r_score,
        f.score as f_score,
        m.score as m_score,
        s.segment
    from digits as r
    cross join digits as f
    cross join digits as m
    inner join segments as s
        on
            r.score between s.r_min and s.r_max
            and f.score between s.f_min and s.f_max
            and m.score between s.m_min and s.m_max

)

select * from final
