with dispositions as (

    select * from {{ ref('int_row_dispositions') }}

),

demographics as (
{{ kept_rows(ref('stg_complete_journey__demographics'), 'dispositions', 'complete_journey_demographics') }}
),

mapped as (
{{ kept_rows(ref('stg_mapped__customers'), 'dispositions', 'mapped_customers') }}
),

unified as (

    select
        'complete_journey_demographics' as format,
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
    from demographics

    union all

    select
        'mapped_customers' as format,
        file_id,
        row_number,
        source,
        source_customer_id,
        cast(null as {{ dbt.type_string() }}) as person_id,
        email_key,
        phone_key,
        name_address_key,
        case
            when lower(gender) in ('f', 'female', 'woman', '女') then 'female'
            when lower(gender) in ('m', 'male', 'man', '男') then 'male'
        end as gender,
        birth_date,
        cast(null as {{ dbt.type_string() }}) as age_band,
        province,
        city,
        registered_at,
        source_referrer_id,
        acquisition_channel
    from mapped

)

select * from unified
