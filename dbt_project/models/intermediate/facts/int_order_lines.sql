with dispositions as (

    select * from {{ ref('int_row_dispositions') }}

),

complete_journey as (
{{ kept_rows(ref('stg_complete_journey__transactions'), 'dispositions', 'complete_journey_transactions') }}
),

online_retail as (
{{ kept_rows(ref('stg_online_retail__lines'), 'dispositions', 'online_retail') }}
),

taobao as (
{{ kept_rows(ref('stg_taobao__order_lines'), 'dispositions', 'taobao_order_lines') }}
),

mapped as (
{{ kept_rows(ref('stg_mapped__order_lines'), 'dispositions', 'mapped_order_lines') }}
),

taobao_statuses as (

    select * from {{ ref('taobao_statuses') }}

),

unified as (

    select
        'complete_journey_transactions' as format,
        file_id,
        row_number,
        source,
        cast(null as {{ dbt.type_string() }}) as shop,
        source_order_id,
        source_customer_id,
        source_product_id,
        cast(null as {{ dbt.type_string() }}) as product_title,
        cast(null as {{ dbt.type_string() }}) as category,
        cast(null as {{ dbt.type_string() }}) as country,
        'completed' as status,
        false as is_credit,
        cast(quantity as decimal(18, 3)) as quantity,
        cast(case when quantity > 0 then amount / quantity end as decimal(18, 4)) as unit_price,
        amount,
        -- sales_value is what the household paid; the discounts are already taken off.
        amount as paid_amount,
        cast(discount_amount as decimal(18, 2)) as discount_amount,
        cast(0 as decimal(18, 2)) as refunded_amount,
        ordered_at
    from complete_journey

    union all

    select
        'online_retail' as format,
        file_id,
        row_number,
        source,
        cast(null as {{ dbt.type_string() }}) as shop,
        source_order_id,
        source_customer_id,
        source_product_id,
        product_title,
        cast(null as {{ dbt.type_string() }}) as category,
        country,
        'completed' as status,
        quantity < 0 as is_credit,
        cast(quantity as decimal(18, 3)) as quantity,
        cast(unit_price as decimal(18, 4)) as unit_price,
        amount,
        amount as paid_amount,
        cast(0 as decimal(18, 2)) as discount_amount,
        cast(0 as decimal(18, 2)) as refunded_amount,
        ordered_at
    from online_retail

    union all

    select
        'taobao_order_lines' as format,
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
        cast(coalesce(t.refund_amount, 0) as decimal(18, 2)) as refunded_amount,
        t.ordered_at
    from taobao as t
    left join taobao_statuses as s on t.status_text = s.status_text

    union all

    select
        'mapped_order_lines' as format,
        file_id,
        row_number,
        source,
        shop,
        source_order_id,
        source_customer_id,
        source_product_id,
        product_title,
        category,
        cast(null as {{ dbt.type_string() }}) as country,
        coalesce(status, 'completed') as status,
        coalesce(amount < 0, false) as is_credit,
        cast(quantity as decimal(18, 3)) as quantity,
        cast(coalesce(unit_price, case when quantity <> 0 then amount / quantity end) as decimal(18, 4)) as unit_price,
        coalesce(amount, 0) as amount,
        cast(coalesce(amount, 0) - coalesce(discount_amount, 0) as decimal(18, 2)) as paid_amount,
        cast(coalesce(discount_amount, 0) as decimal(18, 2)) as discount_amount,
        cast(
            case
                when status = 'refunded' then coalesce(refunded_amount, amount - coalesce(discount_amount, 0))
                else coalesce(refunded_amount, 0)
            end as decimal(18, 2)
        ) as refunded_amount,
        ordered_at
    from mapped

)

select * from unified
