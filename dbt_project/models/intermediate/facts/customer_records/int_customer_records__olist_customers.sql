with dispositions as (

    select * from {{ ref('int_row_dispositions') }}

),

kept as (
{{ kept_rows(ref('stg_olist__customers'), 'dispositions', 'olist_customers') }}
),

final as (

    select
        file_id,
        row_number,
        source,
        source_customer_id,
        person_id,
        cast(null as {{ dbt.type_string() }}) as email_key,
        cast(null as {{ dbt.type_string() }}) as phone_key,
        cast(null as {{ dbt.type_string() }}) as name_address_key,
        cast(null as {{ dbt.type_string() }}) as gender,
        cast(null as date) as birth_date,
        cast(null as {{ dbt.type_string() }}) as age_band,
        province,
        city,
        cast(null as timestamp) as registered_at,
        cast(null as {{ dbt.type_string() }}) as source_referrer_id,
        cast(null as {{ dbt.type_string() }}) as acquisition_channel
    from kept

)

select * from final
