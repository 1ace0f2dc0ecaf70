with source as (

    select * from {{ source('raw', 'taobao_order_lines') }}

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
        'taobao' as source,
        line_id,
        order_id as source_order_id,
        -- The merchant's own code is the stable name of the goods; where it is empty only the title is left.
        coalesce(merchant_code, external_code, title) as source_product_id,

        -- attributes
        title as product_title,
        sku_text,
        status_text,
        refund_status,

        -- numerics
        quantity,
        unit_price,
        -- A line without a readable price or quantity is worth what its buyer was to pay.
        cast(
            coalesce({{ line_amount('quantity', 'unit_price') }}, payable_amount) as decimal(18, 2)
        ) as amount,
        payable_amount,
        refund_amount,

        -- timestamps
        created_at as ordered_at
    from source

)

select * from renamed
