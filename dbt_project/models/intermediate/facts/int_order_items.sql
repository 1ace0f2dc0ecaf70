{{ config(materialized='incremental', incremental_strategy='replace_scope', unique_key='source_order_id', on_schema_change='fail',
          meta={'scope': 'int_touched_settlements'}) }}
with lines as (

    select * from {{ ref('int_order_lines') }}
    where {{ in_scope('source_order_id', 'int_touched_settlements') }}

),

matches as (

    select * from {{ ref('int_refund_matches') }}

),

returned_by_credit_line as (

    select format, file_id, row_number, sum(matched_amount) as matched_amount
    from matches
    group by format, file_id, row_number

),

returned_of_sale_line as (

    select
        sale_format as format,
        sale_file_id as file_id,
        sale_row_number as row_number,
        sum(matched_amount) as matched_amount
    from matches
    group by sale_format, sale_file_id, sale_row_number

),

settled as (

    select
        l.format,
        l.file_id,
        l.row_number,
        l.source,
        l.shop,
        l.source_order_id,
        l.source_customer_id,
        l.source_product_id,
        l.country,
        l.status,
        l.is_credit,
        l.quantity,
        l.unit_price,
        l.amount as raw_amount,
        l.ordered_at,
        coalesce(l.discount_amount, 0) as discount_amount,
        l.freight_amount,
        cast(case when l.is_credit then 0 else l.amount end as decimal(18, 2)) as gross_amount,
        cast(
            case when l.is_credit or l.status in ('unpaid', 'cancelled') then 0 else coalesce(l.paid_amount, 0) end
            as decimal(18, 2)
        ) as paid_amount,
        cast(
            case
                -- A coupon booked as a negative line of an order that nobody paid gives nothing back.
                when l.status in ('unpaid', 'cancelled') then 0
                when l.is_credit then -coalesce(l.amount, 0) - coalesce(c.matched_amount, 0)
                else l.refunded_amount + coalesce(s.matched_amount, 0)
            end as decimal(18, 2)
        ) as refunded_amount
    from lines as l
    left join returned_by_credit_line as c
        on l.format = c.format and l.file_id = c.file_id and l.row_number = c.row_number
    left join returned_of_sale_line as s
        on l.format = s.format and l.file_id = s.file_id and l.row_number = s.row_number

),

final as (

    select
        *,
        row_number() over (
            partition by source, source_order_id
            order by file_id, row_number, format
        ) as line_number
    from settled

)

select * from final
