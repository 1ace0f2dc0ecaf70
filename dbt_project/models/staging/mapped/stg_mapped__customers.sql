with source as (

    select * from {{ source('raw', 'mapped_customers') }}

),

renamed as (

    select
        -- lineage
        _file_id as file_id,
        _row_number as row_number,
        _row_hash as row_hash,
        _issues as issues,
        coalesce(_unreadable, false) as is_unreadable,

        -- ids
        source,
        customer_id as source_customer_id,
        person_id,
        email_key,
        phone_key,
        name_address_key,
        referrer_id as source_referrer_id,

        -- attributes
        gender,
        birth_date,
        country,
        province,
        city,
        acquisition_channel,

        -- timestamps
        registered_at
    from source

)

select * from renamed
