with source as (

    select * from {{ source('raw', 'complete_journey_transactions') }}

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
        basket_id as source_order_id,
        household_id as source_customer_id,
        product_id as source_product_id,
        store_id,

        -- numerics
        quantity,
        cast(sales_value as decimal(18, 2)) as amount,
        coalesce(retail_disc, 0) + coalesce(coupon_disc, 0) + coalesce(coupon_match_disc, 0) as discount_amount,

        -- timestamps
        transaction_timestamp as ordered_at
    from source

)

select * from renamed
