with source as (

    select * from {{ source('raw', 'olist_products') }}

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
        product_id as source_product_id,

        -- attributes
        product_category_name as source_category,

        -- numerics
        product_name_length as title_length,
        product_description_length as description_length,
        product_photos_qty as photos,
        product_weight_g as weight
    from source

)

select * from renamed
