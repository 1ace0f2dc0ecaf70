with dispositions as (

    select * from {{ ref('int_row_dispositions') }}

),

kept as (
{{ kept_rows(ref('stg_mapped__orders'), 'dispositions', 'mapped_orders') }}
),

settled as (

    select
        *,
        coalesce(status, 'completed') as exported_status,
        case
            when status in ('unpaid', 'cancelled') then 0
            else coalesce(paid_amount, amount - coalesce(discount_amount, 0), 0)
        end as settled_paid
    from kept

),

final as (

    select
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
        amount as gross_amount,
        cast(coalesce(discount_amount, 0) as decimal(18, 2)) as discount_amount,
        cast(coalesce(freight_amount, 0) as decimal(18, 2)) as freight_amount,
        cast(settled_paid as decimal(18, 2)) as paid_amount,
        cast(
            case
                when exported_status in ('unpaid', 'cancelled') then 0
                when exported_status = 'refunded' then coalesce(refunded_amount, settled_paid)
                else coalesce(refunded_amount, 0)
            end as decimal(18, 2)
        ) as refunded_amount,
        item_count,
        channel,
        country,
        province,
        city,
        coupon_code
    from settled

)

select * from final
