{{ config(materialized='view') }}

with intervals as (

    select * from {{ ref('int_state_intervals') }}

),

snapshot_dates as (

    select * from {{ ref('int_snapshot_dates') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

oldest as (

    select
        min(snapshot_date) as snapshot_date,
        count(*) > {{ var('history_month_ends') }} as is_cut
    from snapshot_dates

),

final as (

    select
        cast(a.as_of_date as date) as as_of_date,
        cast(i.customer_id as {{ dbt.type_string() }}) as customer_id,
        cast(i.dimension as {{ dbt.type_string() }}) as dimension,
        cast(i.value as {{ dbt.type_string() }}) as value,
        cast(i.valid_from as date) as valid_from,
        cast(i.valid_to as date) as valid_to,
        cast(i.valid_to is null as boolean) as is_current,
        cast(i.snapshot_date = o.snapshot_date and o.is_cut as boolean) as began_before,
        cast(i.previous_value as {{ dbt.type_string() }}) as previous_value,
        cast(i.cause as {{ dbt.type_string() }}) as cause,
        cast(i.evidence as {{ dbt.type_string() }}) as evidence
    from intervals as i
    cross join as_of as a
    cross join oldest as o

)

select * from final
