with entries as (

    select * from {{ ref('int_points_entries') }}

),

accounts as (

    select * from {{ ref('int_customer_accounts') }}

),

customers as (

    select * from {{ ref('dim_customers') }}

),

source_orders as (

    select * from {{ ref('int_orders') }}

),

purchases as (

    select * from {{ ref('int_purchases') }}

),

words as (

    select * from {{ ref('points_reasons') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

has_export as (

    select count(*) as entries from entries

),

reasons as (

    select distinct entry_reason
    from entries
    where entry_reason is not null

),

-- Of two words in one reason expiry is the surer.
reason_kinds as (

    select
        r.entry_reason,
        max(w.kind) as kind
    from reasons as r
    inner join words as w on {{ dbt.position('w.word', 'lower(r.entry_reason)') }} > 0
    group by r.entry_reason

),

sorted as (

    select
        e.source || ':' || e.record_id as entry_id,
        e.source,
        a.customer_id,
        e.posted_at,
        case
            when k.kind = 'expired' and e.points < 0 then 'expired'
            when k.kind is not null then 'adjusted'
            when e.points < 0 then 'spent'
            else 'earned'
        end as kind,
        cast(e.points as decimal(18, 2)) as points,
        e.expires_on,
        o.order_id,
        e.entry_reason
    from entries as e
    inner join accounts as a on e.source = a.source and e.source_customer_id = a.source_customer_id
    inner join customers as c on a.customer_id = c.customer_id
    inner join as_of as d on cast(e.posted_at as date) <= d.as_of_date
    left join reason_kinds as k on e.entry_reason = k.entry_reason
    left join source_orders as o on e.source = o.source and e.source_order_id = o.source_order_id
    where e.points <> 0

),

-- A source that books expiry, or never names a day of it, is believed: nothing more expires there.
sources as (

    select
        source,
        case
            when max(case when kind = 'expired' then 1 else 0 end) = 0 and count(expires_on) > 0 then 1
            else 0
        end as is_to_expire
    from sorted
    group by source

),

exported as (

    select
        s.entry_id,
        s.customer_id,
        s.posted_at,
        s.kind,
        s.points,
        case
            when s.points > 0 and g.is_to_expire = 1
                then coalesce(
                    s.expires_on,
                    {{ add_days('cast(s.posted_at as date)', var('points_expiry_days')) }}
                )
        end as expires_on,
        s.order_id,
        s.entry_reason as reason,
        1 as is_exported
    from sorted as s
    inner join sources as g on s.source = g.source

),

-- Without an export of points each purchase earns them by the shop's rate.
earned as (

    select
        'order:' || p.order_id as entry_id,
        p.customer_id,
        p.purchased_at as posted_at,
        'earned' as kind,
        cast(floor(p.net_amount * {{ var('points_per_currency_unit') }}) as decimal(18, 2)) as points,
        {{ add_days('p.purchase_date', var('points_expiry_days')) }} as expires_on,
        p.order_id,
        cast(null as {{ dbt.type_string() }}) as reason,
        0 as is_exported
    from purchases as p
    inner join has_export as h on h.entries = 0
    where floor(p.net_amount * {{ var('points_per_currency_unit') }}) > 0

),

united as (

    select * from exported
    union all
    select * from earned

),

-- First in, first out: what was earned later cannot expire before what was earned earlier.
final as (

    select
        entry_id,
        customer_id,
        posted_at,
        kind,
        points,
        case
            when points > 0 and expires_on is not null
                -- A day before the points were booked can only be a mistake; they hold until the day after.
                then max(
                    case
                        when expires_on > cast(posted_at as date) then expires_on
                        else {{ add_days('cast(posted_at as date)', 1) }}
                    end
                ) over (
                    partition by customer_id
                    order by posted_at asc, entry_id asc
                    rows between unbounded preceding and current row
                )
        end as expires_on,
        sum(case when points > 0 and expires_on is not null then points else 0 end) over (
            partition by customer_id
            order by posted_at asc, entry_id asc
            rows between unbounded preceding and current row
        ) as expiring_so_far,
        order_id,
        reason,
        is_exported
    from united

)

select * from final
