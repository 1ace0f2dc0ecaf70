with dispositions as (

    select * from {{ ref('int_row_dispositions') }}

),

kept as (
{{ kept_rows(ref('stg_woocommerce__orders'), 'dispositions', 'woocommerce_orders') }}
),

statuses as (

    select * from {{ ref('order_statuses') }} where source = 'woocommerce'

),

final as (

    select
        w.file_id,
        w.row_number,
        w.source,
        cast(null as {{ dbt.type_string() }}) as shop,
        w.source_order_id,
        cast(null as {{ dbt.type_string() }}) as source_customer_id,
        cast(null as {{ dbt.type_string() }}) as email_key,
        cast(null as {{ dbt.type_string() }}) as phone_key,
        w.name_address_key,
        w.ordered_at,
        cast(null as timestamp) as paid_at,
        coalesce(s.status, 'paid') as exported_status,
        coalesce(w.amount, 0) as gross_amount,
        cast(0 as decimal(18, 2)) as discount_amount,
        cast(0 as decimal(18, 2)) as freight_amount,
        cast(
            case when s.status in ('unpaid', 'cancelled') then 0 else coalesce(w.amount, 0) end as decimal(18, 2)
        ) as paid_amount,
        -- Net sales are without what went back; only an order that is refunded as a whole still shows its goods.
        cast(case when s.status = 'refunded' and w.amount > 0 then w.amount else 0 end as decimal(18, 2)) as refunded_amount,
        w.item_count,
        w.channel,
        cast(null as {{ dbt.type_string() }}) as country,
        cast(null as {{ dbt.type_string() }}) as province,
        cast(null as {{ dbt.type_string() }}) as city,
        w.coupon_code
    from kept as w
    left join statuses as s on w.status_text = s.status_text

)

select * from final
