with dispositions as (

    select * from {{ ref('int_row_dispositions') }}

),

kept as (
{{ kept_rows(ref('stg_complete_journey__transactions'), 'dispositions', 'complete_journey_transactions') }}
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
        cast(null as {{ dbt.type_string() }}) as product_title,
        cast(null as {{ dbt.type_string() }}) as category,
        cast(null as {{ dbt.type_string() }}) as country,
        'completed' as status,
        false as is_credit,
        cast(quantity as decimal(18, 3)) as quantity,
        cast(case when quantity > 0 then amount / quantity end as decimal(18, 4)) as unit_price,
        amount,
        -- sales_value is what the household paid; the discounts are already taken off.
        amount as paid_amount,
        cast(discount_amount as decimal(18, 2)) as discount_amount,
        cast(0 as decimal(18, 2)) as freight_amount,
        cast(0 as decimal(18, 2)) as refunded_amount,
        ordered_at
    from kept

)

select * from final
