with snapshots as (

    select * from {{ ref('int_as_of_snapshots') }}

),

snapshot_dates as (

    select * from {{ ref('int_snapshot_dates') }}
    where is_as_of

),

customers as (

    select * from {{ ref('dim_customers') }}

),

{{ labels(ref('int_as_of_cut_points')) }}

select * from labels
