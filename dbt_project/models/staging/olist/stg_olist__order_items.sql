with source as (

    select * from {{ source('raw', 'olist_order_items') }}

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
        order_id as source_order_id,
        order_item_id as line_id,
        product_id as source_product_id,
        seller_id,

        -- numerics
        price as unit_price,
        cast(freight_value as decimal(18, 2)) as freight_amount,
        cast(price + freight_value as decimal(18, 2)) as amount,

        -- timestamps
        shipping_limit_date as ship_by
    from source

)

select * from renamed
