with source as (

    select * from {{ source('raw', 'woocommerce_orders') }}

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
        'woocommerce' as source,
        order_id as source_order_id,
        name_address_key,

        -- attributes
        lower(status_text) as status_text,
        customer_type,
        products_text,
        coupon_code,
        channel,

        -- numerics
        item_count,
        cast(net_amount as decimal(18, 2)) as amount,

        -- timestamps
        ordered_at
    from source

)

select * from renamed
