with source as (

    select * from {{ source('raw', 'mapped_coupon_redemptions') }}

),

renamed as (

    select
        -- lineage
        _file_id as file_id,
        _row_number as row_number,
        _row_hash as row_hash,
        _issues as issues,
        coalesce(_unreadable, false) as is_unreadable,

        -- columns
        source,
        cast(_row_hash as {{ dbt.type_string() }}) as record_id,
        coupon_id as source_coupon_id,
        campaign_id as source_campaign_id,
        customer_id as source_customer_id,
        order_id as source_order_id,
        redeemed_at,
        cast(amount as decimal(18, 2)) as redeemed_amount
    from source

)

select * from renamed
