with dispositions as (

    select * from {{ ref('int_row_dispositions') }}

),

unified as (

    {% for landed in landed_formats('coupons') -%}
    select
        '{{ landed.format }}' as format,
        r.file_id,
        r.row_number,
        r.source,
        r.record_id,
        r.source_coupon_id,
        r.source_campaign_id,
        r.source_product_id,
        r.coupon_name,
        r.discount_amount,
        r.discount_rate,
        r.minimum_amount,
        r.valid_from,
        r.valid_to
    from ({{ kept_rows(ref(landed.staging), 'dispositions', landed.format) }}) as r
    {{ "union all" if not loop.last }}
    {% endfor %}
)

select * from unified
