{{ config(meta={'dagster': {'ref': {'name': 'tag_rules'}}}) }}

-- A rule on a feature that does not exist, on a text feature with numeric bounds, or of an unknown tag never matches
-- anybody; a tag without a rule is never given.
with features as (

    {% for name, kind, since in customer_features() -%}
        select
            '{{ name }}' as feature,
            '{{ kind }}' as kind
        {{ "union all" if not loop.last }}
    {% endfor %}
),

rules as (

    select * from {{ ref('tag_rules') }}

),

tags as (

    select * from {{ ref('tags') }}

)

select
    r.tag_code,
    'unknown feature ' || r.feature as problem
from rules as r
left join features as f on r.feature = f.feature
where f.feature is null

union all

select
    r.tag_code,
    'bounds do not fit the ' || f.kind || ' feature ' || r.feature as problem
from rules as r
inner join features as f on r.feature = f.feature
where
    (f.kind = 'text' and (r.at_least is not null or r.below is not null))
    or (f.kind = 'number' and (r.equals is not null or r.tag_value = '*' or (r.at_least is null and r.below is null)))
    or r.at_least >= r.below

union all

select
    r.tag_code,
    'rule of an unknown tag' as problem
from rules as r
left join tags as t on r.tag_code = t.tag_code
where t.tag_code is null

union all

select
    t.tag_code,
    'tag without a rule' as problem
from tags as t
left join rules as r on t.tag_code = r.tag_code
where r.tag_code is null
