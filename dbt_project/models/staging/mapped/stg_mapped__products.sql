with source as (

    select * from {{ source('raw', 'mapped_products') }}

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
        product_id as source_product_id,

        -- attributes
        title,
        category,
        subcategory,
        brand,

        -- numerics
        list_price,
        unit_cost
    from source

)

select * from renamed
