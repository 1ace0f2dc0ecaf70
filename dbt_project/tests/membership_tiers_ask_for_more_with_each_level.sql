{{ config(meta={'dagster': {'ref': {'name': 'membership_tiers'}}}) }}

-- A tier that asks for less than the one below can never be left, and levels must run from 1 without a gap.
with tiers as (

    select * from {{ ref('membership_tiers') }}

)

select a.level
from tiers as a
inner join tiers as b
    on a.level < b.level and (a.minimum_amount > b.minimum_amount or a.minimum_orders > b.minimum_orders)

union all

select level
from tiers
where level = 1 and (minimum_amount > 0 or minimum_orders > 0)

union all

select count(*) as level
from tiers
having max(level) <> count(*) or min(level) <> 1
