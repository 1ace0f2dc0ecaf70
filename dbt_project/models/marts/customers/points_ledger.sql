{{ config(materialized='view') }}

with bookings as (

    select * from {{ ref('int_points_bookings') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

final as (

    select
        cast(a.as_of_date as date) as as_of_date,
        cast(b.entry_id as {{ dbt.type_string() }}) as entry_id,
        cast(b.customer_id as {{ dbt.type_string() }}) as customer_id,
        cast(b.posted_at as timestamp) as posted_at,
        cast(b.kind as {{ dbt.type_string() }}) as kind,
        cast(b.points as decimal(18, 2)) as points,
        cast(b.balance as decimal(18, 2)) as balance,
        cast(b.expires_on as date) as expires_on,
        cast(b.order_id as {{ dbt.type_string() }}) as order_id,
        cast(b.reason as {{ dbt.type_string() }}) as reason,
        cast(b.is_exported as boolean) as is_exported
    from bookings as b
    cross join as_of as a

)

select * from final
