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
    {{ "union all" if not loop.last }}
    {% endfor %}
)

select * from unified
