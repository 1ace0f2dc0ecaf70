{{ config(materialized='incremental', incremental_strategy='replace_scope', unique_key='source_order_id', on_schema_change='fail',
          meta={'scope': 'int_touched_orders'}) }}
with unified as (

    {% for landed in landed_formats('orders') -%}
    select
        '{{ landed.format }}' as format,
        file_id,
        row_number,
        source,
        shop,
        source_order_id,
        source_customer_id,
        email_key,
        phone_key,
        name_address_key,
        ordered_at,
        paid_at,
        exported_status,
        gross_amount,
        discount_amount,
        freight_amount,
        paid_amount,
        refunded_amount,
        item_count,
        channel,
        country,
        province,
        city,
        coupon_code,
        {{ 'true' if 'order_lines' in landed.entities else 'false' }} as is_order_line
    from {{ ref('int_order_records__' ~ landed.format) }}
    -- Here and not below: the engine carries a condition into one branch, not into all of a union.
    where {{ in_scope('source_order_id', 'int_touched_orders') }}
    {{ "union all" if not loop.last }}
    {% endfor %}
)

select * from unified
