{{ config(materialized='incremental', incremental_strategy='replace_scope', unique_key='order_id', on_schema_change='fail',
          meta={'scope': 'int_touched_facts'}) }}
with items as (

    select * from {{ ref('int_order_items') }}

),

records as (

    select * from {{ ref('int_order_records') }}

),

source_orders as (

    select * from {{ ref('int_orders') }}
    where {{ in_scope('order_id', 'int_touched_facts') }}

),

orders as (

    select * from {{ ref('fct_orders') }}
    where {{ in_scope('order_id', 'int_touched_facts') }}

),

order_items as (

    select * from {{ ref('fct_order_items') }}
    where {{ in_scope('order_id', 'int_touched_facts') }}

),

-- Side two: the published facts, traced back to the file they came from. An order whose record names an amount takes
-- its money from there and its lines only describe it; every other order is the sum of its lines. A record that stands
-- on a line of the order is counted as that line.
record_facts as (

    select
        s.order_id,
        r.file_id,
        case when r.is_order_line then 0 else 1 end as rows,
        case when s.has_own_amount then o.gross_amount else 0 end as kept_amount,
        cast(0 as decimal(18, 2)) as detail_amount,
        cast(0 as decimal(18, 2)) as credit_amount,
        case when s.has_own_amount then o.gross_amount else 0 end as gross_amount,
        o.status,
        case when s.has_own_amount then o.paid_amount else 0 end as paid_amount,
        case when s.has_own_amount then o.refunded_amount else 0 end as refunded_amount,
        case when s.has_own_amount then o.net_amount else 0 end as net_amount
    from records as r
    inner join source_orders as s on r.source = s.source and r.source_order_id = s.source_order_id
    inner join orders as o on s.order_id = o.order_id

),

-- A line that gives no price or quantity brings no money; what it is worth stays unknown in fct_order_items.
line_money as (

    select
        i.file_id,
        s.order_id,
        i.line_number,
        s.has_own_amount,
        o.refunded_amount as order_refunded_amount,
        coalesce(case when i.is_credit then i.raw_amount else f.gross_amount end, 0) as kept_amount,
        case when i.is_credit then i.raw_amount else 0 end as credit_amount,
        coalesce(f.gross_amount, 0) as gross_amount,
        case when i.status in ('unpaid', 'cancelled') then i.status else s.status end as status,
        case when s.status in ('unpaid', 'cancelled') then 0 else i.paid_amount end as paid_amount,
        case when s.status in ('unpaid', 'cancelled') then 0 else i.paid_amount - f.net_amount end as refunded_amount,
        f.net_amount
    from items as i
    inner join source_orders as s on i.source = s.source and i.source_order_id = s.source_order_id
    inner join orders as o on s.order_id = o.order_id
    inner join order_items as f
        on s.order_id = f.order_id and i.line_number = f.line_number

),

refunded_by_lines as (

    select order_id, sum(refunded_amount) as amount
    from line_money
    where not has_own_amount
    group by order_id

),

-- A refund export names orders, not lines: what it adds to an order known from lines stands at the first of them.
line_facts as (

    select
        m.order_id,
        m.file_id,
        1 as rows,
        m.kept_amount,
        case when m.has_own_amount then m.gross_amount else 0 end as detail_amount,
        m.credit_amount,
        case when m.has_own_amount then 0 else m.gross_amount end as gross_amount,
        m.status,
        case when m.has_own_amount then 0 else m.paid_amount end as paid_amount,
        case
            when m.has_own_amount then 0
            when m.line_number = 1 then m.refunded_amount + m.order_refunded_amount - l.amount
            else m.refunded_amount
        end as refunded_amount,
        case
            when m.has_own_amount then 0
            when m.line_number = 1 then m.net_amount - (m.order_refunded_amount - l.amount)
            else m.net_amount
        end as net_amount
    from line_money as m
    left join refunded_by_lines as l on m.order_id = l.order_id

),

facts as (

    select * from record_facts
    union all
    select * from line_facts

),

final as (

    select
        order_id,
        file_id,
        cast(sum(rows) as bigint) as rows,
        cast(sum(kept_amount) as decimal(18, 2)) as kept_amount,
        cast(sum(detail_amount) as decimal(18, 2)) as detail_amount,
        cast(sum(credit_amount) as decimal(18, 2)) as credit_amount,
        cast(sum(case when status = 'unpaid' then gross_amount else 0 end) as decimal(18, 2)) as unpaid_amount,
        cast(sum(case when status = 'unpaid' then rows else 0 end) as bigint) as unpaid_rows,
        cast(sum(case when status = 'cancelled' then gross_amount else 0 end) as decimal(18, 2)) as cancelled_amount,
        cast(sum(case when status = 'cancelled' then rows else 0 end) as bigint) as cancelled_rows,
        cast(
            sum(case when status not in ('unpaid', 'cancelled') then gross_amount - paid_amount else 0 end) as decimal(18, 2)
        ) as not_charged_amount,
        cast(sum(refunded_amount) as decimal(18, 2)) as refunded_amount,
        cast(sum(net_amount) as decimal(18, 2)) as net_amount
    from facts
    group by order_id, file_id

)

select * from final
