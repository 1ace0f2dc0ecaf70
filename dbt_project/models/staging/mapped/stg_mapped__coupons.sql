with source as (

    select * from {{ source('raw', 'mapped_coupons') }}

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
        coupon_id || '|' || coalesce(campaign_id, '') || '|' || coalesce(product_id, '') as record_id,
        coupon_id as source_coupon_id,
        campaign_id as source_campaign_id,
        product_id as source_product_id,
        name as coupon_name,
        cast(discount_amount as decimal(18, 2)) as discount_amount,
        cast(discount_rate as decimal(18, 4)) as discount_rate,
        cast(minimum_amount as decimal(18, 2)) as minimum_amount,
        valid_from,
        valid_to
    from source

)

select * from renamed
