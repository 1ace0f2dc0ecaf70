with source as (

    select * from {{ source('raw', 'mapped_orders') }}

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
        shop,
        order_id as source_order_id,
        customer_id as source_customer_id,
        email_key,
        phone_key,
        name_address_key,

        -- attributes
        status,
        channel,
        country,
        province,
        city,
        coupon_code,
        currency,

        -- numerics
        item_count,
        cast(coalesce(gross_amount, paid_amount) as decimal(18, 2)) as amount,
        discount_amount,
        freight_amount,
        paid_amount,
        refunded_amount,

        -- timestamps
        ordered_at,
        paid_at
    from source

)

select * from renamed
