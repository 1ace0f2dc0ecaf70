with dispositions as (

    select * from {{ ref('int_row_dispositions') }}

),

unified as (

    {% for landed in landed_formats('coupon_redemptions') -%}
    select
        '{{ landed.format }}' as format,
        r.file_id,
        r.row_number,
        r.source,
        r.record_id,
        r.source_coupon_id,
        r.source_campaign_id,
        r.source_customer_id,
        r.source_order_id,
        r.redeemed_at,
        r.redeemed_amount
    from ({{ kept_rows(ref(landed.staging), 'dispositions', landed.format) }}) as r
    {{ "union all" if not loop.last }}
    {% endfor %}
)

select * from unified
