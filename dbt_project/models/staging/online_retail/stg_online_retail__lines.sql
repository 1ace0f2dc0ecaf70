with source as (

    select * from {{ source('raw', 'online_retail') }}

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
        'online_retail' as source,
        invoice as source_order_id,
        customer_id as source_customer_id,
        stock_code as source_product_id,

        -- attributes
        description as product_title,
        country,
        -- A cancellation is an invoice of its own whose number starts with C.
        coalesce(invoice like 'C%', false) as is_credit,
        coalesce(invoice like 'A%', false) as is_bad_debt,

        -- numerics
        quantity,
        unit_price,
        cast({{ line_amount('quantity', 'unit_price') }} as decimal(18, 4)) as exact_amount,
        cast({{ line_amount('quantity', 'unit_price') }} as decimal(18, 2)) as amount,

        -- timestamps
        invoice_date as ordered_at
    from source

)

select * from renamed
