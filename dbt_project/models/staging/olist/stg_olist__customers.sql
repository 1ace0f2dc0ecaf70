with source as (

    select * from {{ source('raw', 'olist_customers') }}

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
        'olist' as source,
        customer_id as source_customer_id,
        customer_unique_id as person_id,

        -- attributes
        customer_zip_code_prefix as zip_code_prefix,
        customer_city as city,
        customer_state as province
    from source

)

select * from renamed
