with periods as (

    select * from {{ ref('int_campaign_periods') }}

),

purchases as (

    select * from {{ ref('int_purchases') }}

),

customers as (

    select * from {{ ref('int_customer_purchases') }}

),

people as (

    select * from {{ ref('int_campaign_people') }}

),

boundaries as (

    select * from {{ ref('int_lifecycle_boundaries') }}

),

-- A campaign of which no member is known has nobody to compare.
campaigns as (

    select distinct campaign_id from people

),

total as (

    select count(*) as customers from customers

),

-- Members, and of all other customers so many as are enough for a rate.
drawn as (

    select
        c.campaign_id,
        k.customer_id,
        case
            when m.customer_id is null then 'other'
            when m.is_holdout then 'holdout'
            else 'reached'
        end as member_group
    from campaigns as c
    cross join customers as k
    cross join total as t
    left join people as m on c.campaign_id = m.campaign_id and k.customer_id = m.customer_id
    where
        not coalesce(m.is_excluded, false)
        and (
            m.customer_id is not null
            or {{ hash_share('k.customer_id', 'c.campaign_id') }} * t.customers < {{ var('campaign_compared_customers') }}
        )

),

-- Who had bought before a window begins, by their latest purchase before it.
existing as (

    select
        d.campaign_id,
        p.period_number,
        d.customer_id,
        d.member_group,
        s.purchase_number,
        s.interval_days,
        {{ days_between('s.purchase_date', 'p.starts_on') }} as days_since,
        case when s.next_purchase_date <= p.ends_on then 1 else 0 end as is_buyer
    from drawn as d
    inner join periods as p on d.campaign_id = p.campaign_id
    inner join purchases as s
        on
            d.customer_id = s.customer_id
            and p.starts_on > s.purchase_date
            and (s.next_purchase_date is null or p.starts_on <= s.next_purchase_date)

),

spent as (

    select
        d.campaign_id,
        p.period_number,
        d.customer_id,
        cast(sum(case when b.purchase_date >= p.starts_on then b.net_amount else 0 end) as double) as net_amount,
        sum(case when b.purchase_date < p.starts_on then b.net_amount else 0 end) as earlier_amount
    from drawn as d
    inner join periods as p on d.campaign_id = p.campaign_id
    inner join purchases as b
        on
            d.customer_id = b.customer_id
            and b.purchase_date between {{ add_days('p.starts_on', -var('campaign_alike_days')) }} and p.ends_on
    group by d.campaign_id, p.period_number, d.customer_id

),

described as (

    select
        e.campaign_id,
        e.period_number,
        e.customer_id,
        e.member_group,
        coalesce(
            {{ state_by_days('e.days_since', 'b') }},
            {{ state_by_purchase('e.purchase_number', 'e.interval_days', 'b') }}
        ) as segment,
        percent_rank() over (
            partition by e.campaign_id, e.period_number
            order by coalesce(s.earlier_amount, 0)
        ) as spend_rank,
        e.is_buyer,
        coalesce(s.net_amount, 0) as net_amount
    from existing as e
    left join spent as s
        on e.campaign_id = s.campaign_id and e.period_number = s.period_number and e.customer_id = s.customer_id
    cross join boundaries as b

),

known as (

    select
        campaign_id,
        period_number,
        customer_id,
        member_group,
        segment,
        1 + least(4, cast(floor(5 * spend_rank) as bigint)) as spend_fifth,
        is_buyer,
        net_amount
    from described

),

placed as (

    -- As they stood when the campaign began, which is when members were chosen.
    select
        'campaign' as placed_on,
        e.campaign_id,
        e.period_number,
        o.segment,
        o.spend_fifth,
        e.member_group,
        e.is_buyer,
        e.net_amount
    from known as e
    inner join known as o
        on e.campaign_id = o.campaign_id and e.customer_id = o.customer_id and o.period_number = 0

    union all

    -- As they stood when an earlier window began, whoever they are.
    select
        'window' as placed_on,
        campaign_id,
        period_number,
        segment,
        spend_fifth,
        'everybody' as member_group,
        is_buyer,
        net_amount
    from known
    where period_number > 0

    union all

    -- Members who had never bought.
    select
        'campaign' as placed_on,
        campaign_id,
        cast(0 as bigint) as period_number,
        'prospect' as segment,
        cast(1 as bigint) as spend_fifth,
        case when is_holdout then 'holdout' else 'reached' end as member_group,
        case when orders > 0 then 1 else 0 end as is_buyer,
        cast(net_amount as double) as net_amount
    from people
    where not is_existing and not is_excluded

),

final as (

    select
        placed_on,
        campaign_id,
        period_number,
        segment,
        spend_fifth,
        member_group,
        count(*) as customers,
        sum(is_buyer) as buyers,
        sum(net_amount) as net_amount,
        sum(net_amount * net_amount) as squared_amount
    from placed
    group by placed_on, campaign_id, period_number, segment, spend_fifth, member_group

)

select * from final
