with dispositions as (

    select * from {{ ref('int_row_dispositions') }}

),

kept as (
{{ kept_rows(ref('stg_taobao__order_lines'), 'dispositions', 'taobao_order_lines') }}
),

statuses as (

    select * from {{ ref('order_statuses') }} where source = 'taobao'

),

final as (

    select
        t.file_id,
        t.row_number,
        t.source,
        cast(null as {{ dbt.type_string() }}) as shop,
        t.source_order_id,
        cast(null as {{ dbt.type_string() }}) as source_customer_id,
        t.source_product_id,
        t.product_title,
        cast(null as {{ dbt.type_string() }}) as category,
        cast(null as {{ dbt.type_string() }}) as country,
        -- A line can be closed while its order succeeds; without a payment time a closed line was either never paid
        -- or paid back: the refund amount tells.
        case
            when t.status_text like '交易关闭%' and coalesce(t.refund_amount, 0) > 0 then 'refunded'
            when t.status_text like '交易关闭%' then 'cancelled'
            else coalesce(s.status, 'completed')
        end as status,
        false as is_credit,
        cast(t.quantity as decimal(18, 3)) as quantity,
        cast(t.unit_price as decimal(18, 4)) as unit_price,
        t.amount,
        cast(coalesce(t.payable_amount, t.amount) as decimal(18, 2)) as paid_amount,
        cast(t.amount - coalesce(t.payable_amount, t.amount) as decimal(18, 2)) as discount_amount,
        cast(0 as decimal(18, 2)) as freight_amount,
        cast(coalesce(t.refund_amount, 0) as decimal(18, 2)) as refunded_amount,
        t.ordered_at
    from kept as t
    left join statuses as s on t.status_text = s.status_text

)

select * from final
