with source as (

    select * from {{ source('raw', 'olist_sellers') }}

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
        seller_id,

        -- attributes
        seller_zip_code_prefix as zip_code_prefix,
        seller_city as city,
        seller_state as province
    from source

)

select * from renamed
