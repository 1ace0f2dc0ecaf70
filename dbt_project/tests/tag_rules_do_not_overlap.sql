{{ config(meta={'dagster': {'ref': {'name': 'tag_rules'}}}) }}

-- Two values of one tag would both hold for a number that lies within the bounds of both rules.
with rules as (

    select
        tag_code,
        tag_value,
        feature,
        coalesce(at_least, -1e300) as lower_bound,
        coalesce(below, 1e300) as upper_bound
    from {{ ref('tag_rules') }}
    where at_least is not null or below is not null

)

select
    a.tag_code,
    a.tag_value,
    b.tag_value as other_value
from rules as a
inner join rules as b
    on
        a.tag_code = b.tag_code
        and a.feature = b.feature
        and a.tag_value < b.tag_value
        and a.lower_bound < b.upper_bound
        and b.lower_bound < a.upper_bound
