with dispositions as (

    select * from {{ ref('int_row_dispositions') }}

),

kept as (
{{ kept_rows(ref('stg_olist__order_items'), 'dispositions', 'olist_order_items') }}
),

final as (

    select
        file_id,
        row_number,
        source,
        cast(null as {{ dbt.type_string() }}) as shop,
        source_order_id,
        cast(null as {{ dbt.type_string() }}) as source_customer_id,
        source_product_id,
        cast(null as {{ dbt.type_string() }}) as product_title,
        cast(null as {{ dbt.type_string() }}) as category,
        'Brazil' as country,
        'completed' as status,
        false as is_credit,
        cast(1 as decimal(18, 3)) as quantity,
        cast(unit_price as decimal(18, 4)) as unit_price,
        amount,
        amount as paid_amount,
        cast(0 as decimal(18, 2)) as discount_amount,
        freight_amount,
        cast(0 as decimal(18, 2)) as refunded_amount,
        cast(null as timestamp) as ordered_at
    from kept

)

select * from final
