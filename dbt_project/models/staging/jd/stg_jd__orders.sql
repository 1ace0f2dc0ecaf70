with source as (

    select * from {{ source('raw', 'jd_orders') }}

),

renamed as (

    select
        -- lineage
        _file_id as file_id,
        _row_number as row_number,
        _row_hash as row_hash,
        coalesce(_issues, {{ beyond_amounts_issue('quantity', 'unit_price') }}) as issues,
        coalesce(_unreadable, false) or {{ is_beyond_amounts('quantity', 'unit_price') }} as is_unreadable,

        -- ids
        'jd' as source,
        order_id as source_order_id,
        buyer_key as source_customer_id,
        sku_id as source_product_id,
        merchant_code,
        phone_key,
        name_address_key,

        -- attributes
        title as product_title,
        status_text,
        order_type,
        channel,
        province,
        city,
        coalesce(is_brushed, false) as is_brushed,
        coalesce(status_text, '') || '|' || coalesce(cast(order_amount as {{ dbt.type_string() }}), '') as order_state,

        -- numerics
        quantity,
        unit_price,
        cast({{ line_amount('quantity', 'unit_price') }} as decimal(18, 2)) as line_amount,
        order_amount,
        settlement_amount,
        balance_amount,
        payable_amount,
        freight_amount,

        -- timestamps
        ordered_at,
        paid_at,
        completed_at
    from source

),

headed as (

    select
        *,
        -- Within one file the first row of an order carries its money; the others repeat it.
        not is_unreadable and row_number() over (
            partition by file_id, source_order_id, order_state, is_unreadable
            order by row_number
        ) = 1 as is_order_head
    from renamed

),

final as (

    select
        *,
        cast(
            coalesce(line_amount, 0)
            + case when is_order_head then coalesce(order_amount + coalesce(freight_amount, 0), 0) else 0 end as decimal(18, 2)
        ) as amount
    from headed

)

select * from final
