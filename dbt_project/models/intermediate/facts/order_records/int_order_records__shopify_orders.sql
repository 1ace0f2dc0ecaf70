with dispositions as (

    select * from {{ ref('int_row_dispositions') }}

),

kept as (
{{ kept_rows(ref('stg_shopify__orders'), 'dispositions', 'shopify_orders') }}
),

statuses as (

    select * from {{ ref('order_statuses') }} where source = 'shopify'

),

judged as (

    select
        o.*,
        case
            when s.status = 'unpaid' and o.cancelled_at is not null then 'cancelled'
            when s.status = 'paid' and o.fulfillment_status = 'fulfilled' then 'completed'
            when s.status = 'paid' and o.fulfillment_status = 'partial' then 'shipped'
            else coalesce(s.status, 'paid')
        end as exported_status
    from kept as o
    left join statuses as s on o.financial_status = s.status_text
    where o.is_order_head

),

settled as (

    select
        *,
        case
            when exported_status in ('unpaid', 'cancelled') then 0
            when financial_status = 'partially_paid' then coalesce(total_amount, 0) - coalesce(outstanding_amount, 0)
            else coalesce(total_amount, 0)
        end as settled_paid
    from judged

),

final as (

    select
        file_id,
        row_number,
        source,
        cast(null as {{ dbt.type_string() }}) as shop,
        source_order_id,
        source_customer_id,
        email_key,
        phone_key,
        name_address_key,
        ordered_at,
        paid_at,
        exported_status,
        cast(coalesce(total_amount, 0) as decimal(18, 2)) as gross_amount,
        cast(coalesce(discount_amount, 0) as decimal(18, 2)) as discount_amount,
        cast(coalesce(freight_amount, 0) as decimal(18, 2)) as freight_amount,
        cast(settled_paid as decimal(18, 2)) as paid_amount,
        cast(
            case
                -- Older files have no column for the amount.
                when exported_status = 'refunded' and coalesce(refunded_amount, 0) = 0 then settled_paid
                else least(coalesce(refunded_amount, 0), settled_paid)
            end as decimal(18, 2)
        ) as refunded_amount,
        cast(null as decimal(18, 3)) as item_count,
        channel,
        country,
        province,
        city,
        coupon_code
    from settled

)

select * from final
