{{ config(materialized='incremental', incremental_strategy='replace_scope', unique_key='customer_id', on_schema_change='fail',
          meta={'scope': 'int_touched_points'}) }}
with movements as (

    select * from {{ ref('int_points_movements') }}
    where {{ in_scope('customer_id', 'int_touched_points') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

-- What of a lot is left on the day it expires goes then, before anything else of that day.
events as (

    select
        entry_id,
        customer_id,
        posted_at,
        1 as event_order,
        cast(0 as decimal(18, 2)) as expiring_so_far,
        kind,
        points,
        expires_on,
        order_id,
        reason,
        is_exported
    from movements

    union all

    select
        'expiry:' || m.entry_id as entry_id,
        m.customer_id,
        cast(m.expires_on as timestamp) as posted_at,
        0 as event_order,
        m.expiring_so_far,
        'expired' as kind,
        cast(0 as decimal(18, 2)) as points,
        cast(null as date) as expires_on,
        m.order_id,
        cast(null as {{ dbt.type_string() }}) as reason,
        0 as is_exported
    from movements as m
    inner join as_of as a on m.expires_on <= a.as_of_date

),

-- First in, first out, without going through the entries one by one: by a moment as many points are gone as were taken, or, if
-- more, as had expired by an earlier one and were taken since then. So the largest lead of expiry over what was taken counts.
taken as (

    select
        *,
        sum(case when points < 0 then -points else 0 end) over (
            partition by customer_id
            order by posted_at asc, event_order asc, expiring_so_far asc, entry_id asc
            rows between unbounded preceding and current row
        ) as taken_so_far
    from events

),

led as (

    select
        *,
        max(case when event_order = 0 then expiring_so_far - taken_so_far end) over (
            partition by customer_id
            order by posted_at asc, event_order asc, expiring_so_far asc, entry_id asc
            rows between unbounded preceding and 1 preceding
        ) as earlier_lead
    from taken

),

booked as (

    select
        *,
        case
            when event_order = 0
                then -greatest(0, expiring_so_far - taken_so_far - greatest(0, coalesce(earlier_lead, 0)))
            else points
        end as booked_points
    from led

),

final as (

    select
        cast(b.entry_id as {{ dbt.type_string() }}) as entry_id,
        cast(b.customer_id as {{ dbt.type_string() }}) as customer_id,
        cast(b.posted_at as timestamp) as posted_at,
        cast(b.kind as {{ dbt.type_string() }}) as kind,
        cast(b.booked_points as decimal(18, 2)) as points,
        cast(
            sum(b.booked_points) over (
                partition by b.customer_id
                order by b.posted_at asc, b.event_order asc, b.expiring_so_far asc, b.entry_id asc
                rows between unbounded preceding and current row
            ) as decimal(18, 2)
        ) as balance,
        cast(b.expires_on as date) as expires_on,
        cast(b.order_id as {{ dbt.type_string() }}) as order_id,
        cast(b.reason as {{ dbt.type_string() }}) as reason,
        cast(b.is_exported = 1 as boolean) as is_exported
    from booked as b
    where b.booked_points <> 0

)

select * from final
