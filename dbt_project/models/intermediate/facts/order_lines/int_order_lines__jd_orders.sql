with dispositions as (

    select * from {{ ref('int_row_dispositions') }}

),

kept as (
{{ kept_rows(ref('stg_jd__orders'), 'dispositions', 'jd_orders') }}
),

final as (

    select
        file_id,
        row_number,
        source,
        cast(null as {{ dbt.type_string() }}) as shop,
        source_order_id,
        source_customer_id,
        source_product_id,
        product_title,
        cast(null as {{ dbt.type_string() }}) as category,
        'China' as country,
        'completed' as status,
        false as is_credit,
        cast(quantity as decimal(18, 3)) as quantity,
        cast(unit_price as decimal(18, 4)) as unit_price,
        line_amount as amount,
        line_amount as paid_amount,
        cast(0 as decimal(18, 2)) as discount_amount,
        cast(0 as decimal(18, 2)) as freight_amount,
        cast(0 as decimal(18, 2)) as refunded_amount,
        ordered_at
    from kept

)

select * from final
