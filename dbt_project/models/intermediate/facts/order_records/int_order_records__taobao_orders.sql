with dispositions as (

    select * from {{ ref('int_row_dispositions') }}

),

kept as (
{{ kept_rows(ref('stg_taobao__orders'), 'dispositions', 'taobao_orders') }}
),

refund_basis as (

    select * from {{ ref('int_taobao__refund_basis') }}

),

-- A closed order that a refund export names was paid before, whatever its own export leaves out.
itemised_refunds as (

    select source_order_id, sum(amount) as amount
    from {{ ref('int_refunds') }}
    where source = 'taobao' and state = 'succeeded'
    group by source_order_id

),

statuses as (

    select * from {{ ref('order_statuses') }} where source = 'taobao'

),

priced as (

    select
        t.*,
        -- The report form has no status column: a payment time is the proof of payment there.
        case
            when s.status is not null then s.status
            when t.status_text like '交易关闭%' and t.paid_at is null and coalesce(t.refund_amount, r.amount, 0) = 0 then 'cancelled'
            when t.status_text like '交易关闭%' and t.close_reason = '买家未付款' then 'cancelled'
            when t.status_text like '交易关闭%' then 'refunded'
            when t.paid_at is null and t.status_text is null then 'unpaid'
            when t.status_text is null then 'completed'
            else 'paid'
        end as exported_status,
        coalesce(t.refund_amount, 0) as refund,
        greatest(
            coalesce(t.exported_paid_amount, case when t.paid_at is not null then t.amount end, 0)
            + case when b.is_paid_amount_net then coalesce(t.refund_amount, 0) else 0 end,
            case when t.status_text like '交易关闭%' then coalesce(r.amount, 0) else 0 end
        ) as paid_before_refund
    from kept as t
    left join refund_basis as b on t.file_id = b.file_id
    left join itemised_refunds as r on t.source_order_id = r.source_order_id
    left join statuses as s on t.status_text = s.status_text

),

settled as (

    select
        *,
        case when exported_status in ('unpaid', 'cancelled') then 0 else paid_before_refund end as settled_paid,
        case
            when exported_status in ('unpaid', 'cancelled') then 0
            -- Closed after payment without a refund column: all of it went back.
            when exported_status = 'refunded' and refund = 0 then paid_before_refund
            else least(refund, greatest(paid_before_refund, 0))
        end as settled_refund
    from priced

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
        cast(0 as decimal(18, 2)) as discount_amount,
        cast(coalesce(freight_amount, 0) as decimal(18, 2)) as freight_amount,
        cast(settled_paid as decimal(18, 2)) as paid_amount,
        cast(settled_refund as decimal(18, 2)) as refunded_amount,
        item_count,
        channel,
        'China' as country,
        province,
        city,
        cast(null as {{ dbt.type_string() }}) as coupon_code
    from settled

)

select * from final
