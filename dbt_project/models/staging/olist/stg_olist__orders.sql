with source as (

    select * from {{ source('raw', 'olist_orders') }}

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
        customer_id as source_customer_id,

        -- attributes
        order_status as status_text,

        -- timestamps
        order_purchase_timestamp as ordered_at,
        order_approved_at as paid_at,
        order_delivered_carrier_date as shipped_at,
        order_delivered_customer_date as delivered_at,
        order_estimated_delivery_date as promised_at
    from source

)

select * from renamed
