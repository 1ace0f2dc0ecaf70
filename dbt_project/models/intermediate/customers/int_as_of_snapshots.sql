with purchases as (

    select * from {{ ref('int_purchases') }}

),

snapshot_dates as (

    select * from {{ ref('int_snapshot_dates') }}
    where is_as_of

),

{{ known_purchases() }}

select * from known_purchases
