{#- An exported audience comes back as a campaign called audience-<as-of date>-<day of the message>-<code>
    (docs/audiences.md). -#}
{%- set as_of_at = 'audience-' | length + 1 -%}
{%- set day_at = 'audience-2024-01-01-' | length + 1 -%}
{%- set code_at = 'audience-2024-01-01-2024-01-02-' | length + 1 -%}
with members as (

    select * from {{ ref('int_campaign_members') }}

),

accounts as (

    select * from {{ ref('int_customer_accounts') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

told as (

    select
        a.customer_id,
        m.is_holdout,
        cast(m.reached_at as date) as reached_on,
        m.source_campaign_id,
        case
            when m.source_campaign_id like 'audience-%'
                then try_cast(substring(m.source_campaign_id, {{ as_of_at }}, 10) as date)
        end as listed_as_of,
        try_cast(substring(m.source_campaign_id, {{ day_at }}, 10) as date) as planned_on
    from members as m
    inner join accounts as a on m.source = a.source and m.source_customer_id = a.source_customer_id

),

-- What this day's own list sent does not count: the day run again gives the same list.
messages as (

    select
        t.customer_id,
        substring(t.source_campaign_id, {{ code_at }}) as code,
        -- Who is held back takes the place of a message, so that both sides go on alike.
        coalesce(t.reached_on, t.planned_on, {{ add_days('t.listed_as_of', 1) }}) as message_on
    from told as t
    inner join as_of as a on t.listed_as_of < a.as_of_date

    union all

    select
        t.customer_id,
        '' as code,
        t.reached_on as message_on
    from told as t
    inner join as_of as a on t.reached_on <= a.as_of_date
    where t.listed_as_of is null and not coalesce(t.is_holdout, false)

)

select distinct
    customer_id,
    code,
    message_on
from messages
