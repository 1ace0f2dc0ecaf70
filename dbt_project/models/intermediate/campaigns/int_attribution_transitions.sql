with orders as (

    select * from {{ ref('fct_orders') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

contacts as (

    select
        t.customer_id,
        t.touch_id as event_id,
        t.touched_at as event_at,
        {{ attribution_state('t.channel', 't.campaign_id') }} as state
    from {{ ref('fct_campaign_touches') }} as t
    inner join as_of as a on cast(t.touched_at as date) <= a.as_of_date
    where t.is_contact

),

-- A message at the moment of an order was before it.
events as (

    select
        customer_id,
        event_id,
        event_at,
        state,
        0 as is_order
    from contacts

    union all

    select
        o.customer_id,
        o.order_id as event_id,
        coalesce(o.paid_at, o.ordered_at) as event_at,
        '(order)' as state,
        1 as is_order
    from orders as o
    inner join as_of as a on o.order_date <= a.as_of_date
    where o.is_purchase and o.customer_id in (select c.customer_id from contacts as c)

),

neighbours as (

    select
        customer_id,
        event_at,
        state,
        is_order,
        lag(is_order) over (partition by customer_id order by event_at, is_order, event_id) as previous_is_order,
        lag(event_at) over (partition by customer_id order by event_at, is_order, event_id) as previous_at,
        lead(state) over (partition by customer_id order by event_at, is_order, event_id) as next_state,
        lead(event_at) over (partition by customer_id order by event_at, is_order, event_id) as next_at
    from events

),

touches as (

    select
        *,
        {{ add_days_to_time('event_at', var('attribution_window_days')) }} as open_until
    from neighbours
    where is_order = 0

),

steps as (

    -- A path begins where no contact leads to it.
    select '(start)' as from_state, state as to_state
    from touches
    where
        previous_is_order is null
        or previous_is_order = 1
        or previous_at <= {{ add_days_to_time('event_at', -var('attribution_window_days')) }}

    union all

    select state as from_state, next_state as to_state
    from touches
    where next_at < open_until

    union all

    -- What came of a contact whose window is still open nobody knows yet.
    select t.state as from_state, '(nothing)' as to_state
    from touches as t
    inner join as_of as a on cast(t.open_until as date) <= a.as_of_date
    where t.next_at is null or t.next_at >= t.open_until

),

final as (

    select
        from_state,
        to_state,
        count(*) as transitions
    from steps
    group by from_state, to_state

)

select * from final
