with source as (

    select * from {{ source('raw', 'complete_journey_coupon_redemptions') }}

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
        cast(_row_hash as {{ dbt.type_string() }}) as record_id,
        coupon_upc as source_coupon_id,
        campaign_id as source_campaign_id,
        household_id as source_customer_id,
        cast(null as {{ dbt.type_string() }}) as source_order_id,
        cast(redemption_date as timestamp) as redeemed_at,
        cast(null as decimal(18, 2)) as redeemed_amount
    from source

)

select * from renamed
