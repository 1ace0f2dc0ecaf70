with dispositions as (

    select * from {{ ref('int_row_dispositions') }}

),

kept as (
{{ kept_rows(ref('stg_mapped__customers'), 'dispositions', 'mapped_customers') }}
),

final as (

    select
        file_id,
        row_number,
        source,
        source_customer_id,
        person_id,
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
    from kept

)

select * from final
