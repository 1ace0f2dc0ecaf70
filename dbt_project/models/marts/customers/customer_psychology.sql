{{ config(materialized='view') }}
-- For its test, which waits until both are built. depends_on: {{ ref('psychologies') }}

with evidence as (

    select * from {{ ref('int_psychology_evidence') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

final as (

    select
        cast(a.as_of_date as date) as as_of_date,
        cast(e.customer_id as {{ dbt.type_string() }}) as customer_id,
        cast(e.psychology as {{ dbt.type_string() }}) as psychology,
        cast(e.affinity as double) as affinity,
        cast(e.is_dominant as boolean) as is_dominant,
        cast(e.evidence as {{ dbt.type_string() }}) as evidence,
        cast(e.missing_inputs as {{ dbt.type_string() }}) as missing_inputs
    from evidence as e
    cross join as_of as a

)

select * from final
