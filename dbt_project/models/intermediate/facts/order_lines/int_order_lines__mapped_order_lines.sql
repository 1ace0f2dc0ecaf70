with dispositions as (

    select * from {{ ref('int_row_dispositions') }}

),

kept as (
{{ kept_rows(ref('stg_mapped__order_lines'), 'dispositions', 'mapped_order_lines') }}
),

final as (

    select
        file_id,
        row_number,
        source,
        shop,
        source_order_id,
        source_customer_id,
        source_product_id,
        product_title,
        category,
        cast(null as {{ dbt.type_string() }}) as country,
        coalesce(status, 'completed') as status,
        coalesce(amount < 0, false) as is_credit,
        cast(quantity as decimal(18, 3)) as quantity,
        cast(
            coalesce(
                unit_price,
                case when quantity <> 0 then (amount - coalesce(freight_amount, 0)) / quantity end
            ) as decimal(18, 4)
        ) as unit_price,
        coalesce(amount, 0) as amount,
        cast(coalesce(amount - coalesce(discount_amount, 0), 0) as decimal(18, 2)) as paid_amount,
        cast(coalesce(discount_amount, 0) as decimal(18, 2)) as discount_amount,
        cast(coalesce(freight_amount, 0) as decimal(18, 2)) as freight_amount,
        cast(
            case
                when status = 'refunded' then coalesce(refunded_amount, amount - coalesce(discount_amount, 0), 0)
                else coalesce(refunded_amount, 0)
            end as decimal(18, 2)
        ) as refunded_amount,
        ordered_at
    from kept

)

select * from final
