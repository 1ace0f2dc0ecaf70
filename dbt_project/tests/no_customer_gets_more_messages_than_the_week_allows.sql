{{ config(meta={'dagster': {'ref': {'name': 'audience_members'}}}) }}

-- In no seven days that hold a planned message stand more messages than allowed, earlier ones and those of the shop's other
-- campaigns among them.
with members as (

    select customer_id, send_on from {{ ref('audience_members') }}

),

message_days as (

    select customer_id, send_on as message_on from members
    union
    select customer_id, message_on from {{ ref('int_audience_messages') }}

),

spans as (

    select distinct
        d.customer_id,
        d.message_on as begins_on
    from message_days as d
    inner join members as m
        on d.customer_id = m.customer_id and {{ days_between('d.message_on', 'm.send_on') }} between 0 and 6

)

select
    s.customer_id,
    s.begins_on,
    count(*) as messages
from spans as s
inner join message_days as d
    on s.customer_id = d.customer_id and {{ days_between('s.begins_on', 'd.message_on') }} between 0 and 6
group by s.customer_id, s.begins_on
having count(*) > {{ var('audience_messages_per_week') }}
