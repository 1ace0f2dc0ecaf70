{{ config(materialized='view') }}

-- A view, so that the results of the last gate are in it when the tables are published.
with quality_log as (

    select * from {{ source('audit', 'quality_log') }}

),

final as (

    select
        cast(run_id as {{ dbt.type_string() }}) as run_id,
        cast(checked_at as timestamp) as checked_at,
        cast(gate as {{ dbt.type_string() }}) as gate,
        cast(table_name as {{ dbt.type_string() }}) as table_name,
        cast(rule as {{ dbt.type_string() }}) as rule,
        cast(kind as {{ dbt.type_string() }}) as kind,
        cast(severity as {{ dbt.type_string() }}) as severity,
        cast(owner as {{ dbt.type_string() }}) as owner,
        cast(reason as {{ dbt.type_string() }}) as reason,
        cast(passed as boolean) as passed,
        cast(observed_value as {{ dbt.type_string() }}) as observed_value,
        cast(unexpected_count as bigint) as unexpected_count,
        cast(unexpected_share as double) as unexpected_share,
        cast(sample as {{ dbt.type_string() }}) as sample
    from quality_log

)

select * from final
