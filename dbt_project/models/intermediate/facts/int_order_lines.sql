{{ config(materialized='incremental', incremental_strategy='replace_scope', unique_key='source_order_id', on_schema_change='fail',
          meta={'scope': 'int_touched_orders'}) }}
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
    -- Here and not below: the engine carries a condition into one branch, not into all of a union.
    where {{ in_scope('source_order_id', 'int_touched_orders') }}
    {{ "union all" if not loop.last }}
    {% endfor %}
)

select * from unified
