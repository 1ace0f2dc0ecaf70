with unified as (

    {% for landed in landed_formats('order_lines') -%}
    select
        '{{ landed.format }}' as format,
        file_id,
        row_number,
        source,
        shop,
        source_order_id,
        source_customer_id,
        source_product_id,
        product_title,
        category,
        country,
        status,
        is_credit,
        quantity,
        unit_price,
        amount,
        paid_amount,
        discount_amount,
        freight_amount,
        refunded_amount,
        ordered_at
    from {{ ref('int_order_lines__' ~ landed.format) }}
    {{ "union all" if not loop.last }}
    {% endfor %}
)

select * from unified
