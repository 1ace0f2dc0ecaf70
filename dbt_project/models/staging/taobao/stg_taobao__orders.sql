with source as (

    select * from {{ source('raw', 'taobao_orders') }}

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
        'taobao' as source,
        coalesce(shop_name, shop_id) as shop,
        order_id as source_order_id,
        buyer_key as source_customer_id,
        email_key,
        phone_key,
        name_address_key,

        -- attributes
        status_text,
        close_reason,
        province,
        city,
        case when is_mobile then 'mobile' when not is_mobile then 'desktop' end as channel,
        coalesce(is_brushed, false) as is_brushed,

        -- numerics
        item_count,
        cast(total_amount as decimal(18, 2)) as amount,
        freight_amount,
        paid_amount as exported_paid_amount,
        refund_amount,

        -- timestamps
        created_at as ordered_at,
        paid_at,
        shipped_at,
        confirmed_at
    from source

)

select * from renamed
