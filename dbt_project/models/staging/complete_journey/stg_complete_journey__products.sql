with source as (

    select * from {{ source('raw', 'complete_journey_products') }}

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
        'complete_journey' as source,
        product_id as source_product_id,
        manufacturer_id,

        -- attributes
        product_type as title,
        department as category,
        product_category as subcategory,
        brand,
        package_size
    from source

)

select * from renamed
