with source as (

    select * from {{ source('raw', 'olist_category_translation') }}

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
        product_category_name as source_category,

        -- attributes
        product_category_name_english as category
    from source

)

select * from renamed
