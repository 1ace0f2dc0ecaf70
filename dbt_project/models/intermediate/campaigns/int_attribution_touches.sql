with orders as (

    select * from {{ ref('fct_orders') }}

),

touches as (

    select * from {{ ref('fct_campaign_touches') }}
    where is_contact and touched_at is not null

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

bought as (

    select
        o.order_id,
        o.customer_id,
        coalesce(o.paid_at, o.ordered_at) as bought_at,
        o.net_amount
    from orders as o
    inner join as_of as a on o.order_date <= a.as_of_date
    where o.is_purchase and o.customer_id is not null

),

-- A message at the moment of the order was before it: many lists know days only.
earlier as (

    select
        b.order_id,
        b.net_amount,
        t.touch_id,
        t.campaign_id,
        t.channel,
        t.touched_at,
        {{ dbt.datediff('t.touched_at', 'b.bought_at', 'second') }}
            as seconds_before
    from bought as b
    inner join touches as t
        on
            b.customer_id = t.customer_id
            and b.bought_at >= t.touched_at
            and t.touched_at > {{ add_days_to_time('b.bought_at', -var('attribution_window_days')) }}

),

final as (

    select
        order_id,
        touch_id,
        campaign_id,
        channel,
        {{ attribution_state('channel', 'campaign_id') }} as state,
        touched_at,
        net_amount,
        cast(seconds_before as double) / 86400 as days_before,
        row_number() over (partition by order_id order by touched_at, touch_id) as touch_position,
        count(*) over (partition by order_id) as touches
    from earlier

)

select * from final
