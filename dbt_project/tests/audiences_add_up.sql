{{ config(meta={'dagster': {'ref': {'name': 'audiences'}}}) }}

-- Whom a rule names is listed or kept out for one reason, and who is listed is a member.
with members as (

    select
        code,
        count(*) as members,
        sum(case when is_holdout then 1 else 0 end) as held_out
    from {{ ref('audience_members') }}
    group by code

)

select a.code
from {{ ref('audiences') }} as a
left join members as m on a.code = m.code
where
    a.customers <> coalesce(m.members, 0)
    or a.holdout_customers <> coalesce(m.held_out, 0)
    or a.matched_customers <> a.opted_out_customers + a.refunded_customers + a.resting_customers + a.later_customers
    + a.outranked_customers + a.customers
