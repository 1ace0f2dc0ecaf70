{{ config(meta={'dagster': {'ref': {'name': 'psychology_rules'}}}) }}

-- A rule of an unknown pair never counts, equal bounds divide by nothing, and a psychology without a rule is never known. The
-- order of the macro decides between equal affinities and must be the seed's.
with features as (

    {% for psychology, feature, value in psychology_features() -%}
        select
            '{{ psychology }}' as psychology,
            '{{ feature }}' as feature
        {{ "union all" if not loop.last }}
    {% endfor %}
),

codes as (

    {% for code in psychology_codes() -%}
        select
            '{{ code }}' as psychology,
            {{ loop.index }} as macro_position
        {{ "union all" if not loop.last }}
    {% endfor %}
),

rules as (

    select * from {{ ref('psychology_rules') }}

),

psychologies as (

    select * from {{ ref('psychologies') }}

)

select
    r.psychology,
    'no feature ' || r.feature || ' in macro psychology_features' as problem
from rules as r
left join features as f on r.psychology = f.psychology and r.feature = f.feature
where f.feature is null

union all

select
    psychology,
    'bounds or weight of ' || feature as problem
from rules
where zero_at = one_at or weight <= 0

union all

select
    coalesce(c.psychology, p.psychology) as psychology,
    'the macro psychology_codes and the seed psychologies differ' as problem
from codes as c
full outer join psychologies as p on c.psychology = p.psychology and c.macro_position = p.position
where c.psychology is null or p.psychology is null

union all

select
    p.psychology,
    'psychology without a rule' as problem
from psychologies as p
left join rules as r on p.psychology = r.psychology
where r.psychology is null
