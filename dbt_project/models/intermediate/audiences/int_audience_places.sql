with candidates as (

    select * from {{ ref('int_audience_candidates') }}

),

audiences as (

    select * from {{ ref('audience_definitions') }}

),

opted_out as (

    select * from {{ ref('int_opted_out_customers') }}

),

messages as (

    select * from {{ ref('int_audience_messages') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

-- A refund that is asked for spoils the mood as one that was given. Where no export says when, the order's day counts.
refunded as (

    select distinct o.customer_id
    from {{ ref('fct_refunds') }} as r
    inner join {{ ref('fct_orders') }} as o on r.order_id = o.order_id
    inner join as_of as a
        on
            coalesce(cast(r.refunded_at as date), o.order_date) <= a.as_of_date
            and coalesce(cast(r.refunded_at as date), o.order_date)
            > {{ add_days('a.as_of_date', -var('audience_refund_quiet_days')) }}
    where r.state in ('succeeded', 'pending') and o.customer_id is not null

),

described as (

    select
        c.*,
        s.priority,
        s.rest_days,
        s.channel,
        s.holdout_share
    from candidates as c
    inner join audiences as s on c.code = s.code

),

-- Without a channel of its own an audience is for any: who opted out of one is kept out.
refusing as (

    select distinct
        d.code,
        d.customer_id
    from described as d
    inner join opted_out as o
        on d.customer_id = o.customer_id and (d.channel is null or o.channel in ('', d.channel))

),

-- Messages of the same audience that lie too near.
resting as (

    select distinct
        d.code,
        d.customer_id
    from described as d
    inner join messages as m
        on
            d.customer_id = m.customer_id
            and d.code = m.code
            and (d.rest_days is null or {{ days_between('m.message_on', 'd.send_on') }} < d.rest_days)

),

-- Days with any message in the seven days before and after, as every span of seven days counts.
busy as (

    select
        d.code,
        d.customer_id,
        count(distinct m.message_on) as messages_near,
        max(case when m.message_on = d.send_on then 1 else 0 end) as messages_that_day
    from described as d
    inner join messages as m
        on d.customer_id = m.customer_id and abs({{ days_between('m.message_on', 'd.send_on') }}) < 7
    group by d.code, d.customer_id

),

judged as (

    select
        d.*,
        coalesce(b.messages_near, 0) as messages_near,
        coalesce(b.messages_that_day, 0) as messages_that_day,
        case
            when o.customer_id is not null then 'opted_out'
            when r.customer_id is not null then 'refunded'
            when t.customer_id is not null then 'resting'
            when d.send_on > {{ add_days('d.as_of_date', var('audience_days_ahead')) }} then 'later'
            else 'waiting'
        end as standing
    from described as d
    left join refusing as o on d.code = o.code and d.customer_id = o.customer_id
    left join refunded as r on d.customer_id = r.customer_id
    left join resting as t on d.code = t.code and d.customer_id = t.customer_id
    left join busy as b on d.code = b.code and d.customer_id = b.customer_id

),

-- One message a day: the most important one.
by_day as (

    select
        *,
        row_number() over (partition by customer_id, standing, send_on order by priority asc, code asc) as day_rank
    from judged

),

by_week as (

    select
        *,
        row_number() over (
            partition by customer_id, standing, case when day_rank = 1 and messages_that_day = 0 then 1 else 0 end
            order by priority asc, code asc
        ) as week_rank
    from by_day

)

select
    as_of_date,
    code,
    customer_id,
    occasion_on,
    send_on,
    priority,
    {{ assigned_to_holdout('customer_id', "'audience:' || code", 'holdout_share') }} as is_holdout,
    case
        when standing <> 'waiting' then standing
        when day_rank > 1 or messages_that_day > 0 then 'outranked'
        when week_rank + messages_near > {{ var('audience_messages_per_week') }} then 'outranked'
        else 'listed'
    end as standing,
    reason_zh,
    reason
from by_week
