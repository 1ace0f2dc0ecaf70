with source as (

    select * from {{ source('raw', 'mapped_order_lines') }}

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
        source,
        shop,
        line_id,
        order_id as source_order_id,
        customer_id as source_customer_id,
        product_id as source_product_id,

        -- attributes
        product_title,
        category,
        status,
        currency,

        -- numerics
        quantity,
        unit_price,
        cast(
            coalesce(gross_amount, {{ line_amount('quantity', 'unit_price') }} + coalesce(freight_amount, 0)) as decimal(18, 2)
        ) as amount,
        discount_amount,
        freight_amount,
        refunded_amount,

        -- timestamps
        ordered_at
    from source

)

select * from renamed
