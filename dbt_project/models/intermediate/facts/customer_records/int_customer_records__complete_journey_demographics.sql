with dispositions as (

    select * from {{ ref('int_row_dispositions') }}

),

kept as (
{{ kept_rows(ref('stg_complete_journey__demographics'), 'dispositions', 'complete_journey_demographics') }}
),

final as (

    select
        file_id,
        row_number,
        source,
        source_customer_id,
        cast(null as {{ dbt.type_string() }}) as person_id,
        cast(null as {{ dbt.type_string() }}) as email_key,
        cast(null as {{ dbt.type_string() }}) as phone_key,
        cast(null as {{ dbt.type_string() }}) as name_address_key,
        cast(null as {{ dbt.type_string() }}) as gender,
        cast(null as date) as birth_date,
        age_band,
        cast(null as {{ dbt.type_string() }}) as province,
        cast(null as {{ dbt.type_string() }}) as city,
        cast(null as timestamp) as registered_at,
        cast(null as {{ dbt.type_string() }}) as source_referrer_id,
        cast(null as {{ dbt.type_string() }}) as acquisition_channel
    from kept

)

select * from final
