with source as (

    select * from {{ source('raw', 'complete_journey_coupons') }}

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
        'complete_journey' as source,
        coupon_upc || '|' || campaign_id || '|' || product_id as record_id,
        coupon_upc as source_coupon_id,
        campaign_id as source_campaign_id,
        product_id as source_product_id,
        cast(null as {{ dbt.type_string() }}) as coupon_name,
        cast(null as decimal(18, 2)) as discount_amount,
        cast(null as decimal(18, 4)) as discount_rate,
        cast(null as decimal(18, 2)) as minimum_amount,
        cast(null as date) as valid_from,
        cast(null as date) as valid_to
    from source

)

select * from renamed
