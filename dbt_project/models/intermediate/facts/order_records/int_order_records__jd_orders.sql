with dispositions as (

    select * from {{ ref('int_row_dispositions') }}

),

kept as (
{{ kept_rows(ref('stg_jd__orders'), 'dispositions', 'jd_orders') }}
),

statuses as (

    select * from {{ ref('order_statuses') }} where source = 'jd'

),

priced as (

    select
        j.*,
        -- A cancelled or deleted order was paid before or not; only the time of payment tells.
        case
            when (j.status_text like '%取消%' or j.status_text like '%删除%') and j.paid_at is null then 'cancelled'
            when j.status_text like '%取消%' or j.status_text like '%删除%' then 'refunded'
            when s.status is not null then s.status
            when j.status_text is null and j.paid_at is null then 'unpaid'
            when j.status_text is null then 'completed'
            else 'paid'
        end as exported_status,
        -- What is left to pay after the account balance, and the balance.
        coalesce(
            j.payable_amount + coalesce(j.balance_amount, 0),
            coalesce(j.settlement_amount, j.order_amount) + coalesce(j.freight_amount, 0),
            0
        ) as asked_amount
    from kept as j
    left join statuses as s on j.status_text = s.status_text
    where j.is_order_head

),

final as (

    select
        file_id,
        row_number,
        source,
        cast(null as {{ dbt.type_string() }}) as shop,
        source_order_id,
        source_customer_id,
        cast(null as {{ dbt.type_string() }}) as email_key,
        phone_key,
        name_address_key,
        ordered_at,
        paid_at,
        exported_status,
        cast(order_amount + coalesce(freight_amount, 0) as decimal(18, 2)) as gross_amount,
        cast(order_amount - coalesce(settlement_amount, order_amount) as decimal(18, 2)) as discount_amount,
        cast(coalesce(freight_amount, 0) as decimal(18, 2)) as freight_amount,
        cast(case when exported_status in ('unpaid', 'cancelled') then 0 else asked_amount end as decimal(18, 2)) as paid_amount,
        cast(case when exported_status = 'refunded' then asked_amount else 0 end as decimal(18, 2)) as refunded_amount,
        cast(null as decimal(18, 3)) as item_count,
        channel,
        'China' as country,
        province,
        city,
        cast(null as {{ dbt.type_string() }}) as coupon_code
    from priced

)

select * from final
