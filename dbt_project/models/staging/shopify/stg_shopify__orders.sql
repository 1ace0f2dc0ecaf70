with source as (

    select * from {{ source('raw', 'shopify_orders') }}

),

renamed as (

    select
        -- lineage
        _file_id as file_id,
        _row_number as row_number,
        _row_hash as row_hash,
        coalesce(_issues, {{ beyond_amounts_issue('line_quantity', 'line_price') }}) as issues,
        coalesce(_unreadable, false) or {{ is_beyond_amounts('line_quantity', 'line_price') }} as is_unreadable,

        -- ids
        'shopify' as source,
        order_id as source_order_id,
        shopify_id,
        email_key as source_customer_id,
        coalesce(line_sku, line_title) as source_product_id,
        email_key,
        coalesce(phone_key, shipping_phone_key, billing_phone_key) as phone_key,
        coalesce(shipping_name_address_key, billing_name_address_key) as name_address_key,

        -- attributes
        line_title as product_title,
        vendor,
        financial_status,
        fulfillment_status,
        channel,
        discount_code as coupon_code,
        currency,
        coalesce(shipping_country, billing_country) as country,
        coalesce(shipping_province, billing_province) as province,
        coalesce(shipping_city, billing_city) as city,

        -- numerics
        line_quantity as quantity,
        line_price as unit_price,
        cast({{ line_amount('line_quantity', 'line_price') }} as decimal(18, 2)) as line_amount,
        line_discount as line_discount_amount,
        total_amount,
        discount_amount,
        freight_amount,
        refunded_amount,
        outstanding_amount,

        -- timestamps
        created_at as ordered_at,
        paid_at,
        fulfilled_at,
        cancelled_at
    from source

),

-- A line that says something of the order as a whole begins it; in a file that repeats the order's fields on each line
-- every line does, and all say the same.
stated as (

    select
        *,
        case
            when financial_status is not null or total_amount is not null
                then coalesce(financial_status, '')
                    || '|' || coalesce(cast(total_amount as {{ dbt.type_string() }}), '')
                    || '|' || coalesce(cast(refunded_amount as {{ dbt.type_string() }}), '')
                    || '|' || coalesce(cast(outstanding_amount as {{ dbt.type_string() }}), '')
                    || '|' || coalesce(fulfillment_status, '')
                    || '|' || coalesce(cast(cancelled_at as {{ dbt.type_string() }}), '')
        end as own_state
    from renamed

),

numbered as (

    select
        *,
        count(own_state) over (
            partition by file_id, source_order_id, is_unreadable
            order by row_number
            rows between unbounded preceding and current row
        ) as block_number
    from stated

),

-- The lines below take the state of the line that begins their order.
spread as (

    select
        *,
        max(own_state) over (
            partition by file_id, source_order_id, is_unreadable, block_number
        ) as order_state
    from numbered

),

headed as (

    select
        *,
        not is_unreadable and order_state is not null and row_number() over (
            partition by file_id, source_order_id, is_unreadable, order_state
            order by row_number
        ) = 1 as is_order_head
    from spread

),

final as (

    select
        file_id,
        row_number,
        row_hash,
        issues,
        is_unreadable,
        source,
        source_order_id,
        shopify_id,
        source_customer_id,
        source_product_id,
        email_key,
        phone_key,
        name_address_key,
        product_title,
        vendor,
        financial_status,
        fulfillment_status,
        channel,
        coupon_code,
        currency,
        country,
        province,
        city,
        quantity,
        unit_price,
        line_amount,
        line_discount_amount,
        total_amount,
        discount_amount,
        freight_amount,
        refunded_amount,
        outstanding_amount,
        ordered_at,
        paid_at,
        fulfilled_at,
        cancelled_at,
        order_state,
        is_order_head,
        cast(
            coalesce(line_amount, 0) + case when is_order_head then coalesce(total_amount, 0) else 0 end as decimal(18, 2)
        ) as amount
    from headed

)

select * from final
