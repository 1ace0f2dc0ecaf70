with files as (

    select * from {{ ref('stg_raw__ingested_files') }} where status = 'loaded'

),

row_dispositions as (

    select * from {{ ref('row_dispositions') }}

),

items as (

    select * from {{ ref('int_order_items') }}

),

records as (

    select * from {{ ref('int_order_records') }}

),

source_orders as (

    select * from {{ ref('int_orders') }}

),

orders as (

    select * from {{ ref('fct_orders') }}

),

order_items as (

    select * from {{ ref('fct_order_items') }}

),

-- Side one: the money in the landed rows, counted before any rule has looked at them.
raw_of_file as (

    select file_id, sum(amount) as amount
    from {{ ref('int_landed_rows') }}
    group by file_id

),

removed as (

    select
        file_id,
        disposition,
        count(*) as rows,
        sum(amount) as amount
    from row_dispositions
    group by file_id, disposition

),

-- Products, customers and the like carry no money and reach no fact: their rows are counted in the models that hold
-- them, because a workbook may hold orders on one sheet and products on another.
kept_without_money as (

    {% for entity in entities_without_money() -%}
    select file_id, count(*) as rows
    from {{ ref(unified_models()[entity]) }}
    group by file_id
    {{ "union all" if not loop.last }}
    {% endfor %}
),

kept_without_money_of_file as (

    select file_id, sum(rows) as rows
    from kept_without_money
    group by file_id

),

-- Side two: the published facts, traced back to the file they came from. An order whose record names an amount takes
-- its money from there and its lines only describe it; every other order is the sum of its lines. A record that stands
-- on a line of the order is counted as that line.
record_facts as (

    select
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

line_money as (

    select
        i.file_id,
        s.order_id,
        i.line_number,
        s.has_own_amount,
        o.refunded_amount as order_refunded_amount,
        case when i.is_credit then i.raw_amount else f.gross_amount end as kept_amount,
        case when i.is_credit then i.raw_amount else 0 end as credit_amount,
        f.gross_amount,
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

facts_of_file as (

    select
        file_id,
        sum(rows) as rows,
        sum(kept_amount) as kept_amount,
        sum(detail_amount) as detail_amount,
        sum(credit_amount) as credit_amount,
        sum(case when status = 'unpaid' then gross_amount else 0 end) as unpaid_amount,
        sum(case when status = 'unpaid' then rows else 0 end) as unpaid_rows,
        sum(case when status = 'cancelled' then gross_amount else 0 end) as cancelled_amount,
        sum(case when status = 'cancelled' then rows else 0 end) as cancelled_rows,
        sum(case when status not in ('unpaid', 'cancelled') then gross_amount - paid_amount else 0 end) as not_charged_amount,
        sum(refunded_amount) as refunded_amount,
        sum(net_amount) as net_amount
    from facts
    group by file_id

),

-- Money that goes back lowers a row's amount and does not remove the row, so only unpaid and cancelled take rows away.
steps as (

    select
        f.file_id,
        1 as step_number,
        'raw' as step,
        f.rows,
        coalesce(r.amount, 0) as amount
    from files as f
    left join raw_of_file as r on f.file_id = r.file_id

    union all

    select d.file_id, 2, d.disposition, -d.rows, -d.amount
    from removed as d
    inner join files as f on d.file_id = f.file_id

    union all

    select
        f.file_id,
        3,
        'kept',
        coalesce(k.rows, 0) + coalesce(w.rows, 0),
        coalesce(k.kept_amount, 0)
    from files as f
    left join facts_of_file as k on f.file_id = k.file_id
    left join kept_without_money_of_file as w on f.file_id = w.file_id

    union all

    select w.file_id, 4, 'rows_without_money', -w.rows, 0
    from kept_without_money_of_file as w
    inner join files as f on w.file_id = f.file_id

    union all

    select file_id, 4, 'counted_in_order_record', 0, -detail_amount from facts_of_file

    union all

    select file_id, 5, 'credit_rows_booked_as_refunds', 0, -credit_amount from facts_of_file

    union all

    select file_id, 6, 'unpaid', -unpaid_rows, -unpaid_amount from facts_of_file

    union all

    select file_id, 7, 'cancelled', -cancelled_rows, -cancelled_amount from facts_of_file

    union all

    select file_id, 8, 'not_charged', 0, -not_charged_amount from facts_of_file

    union all

    select file_id, 9, 'refunded', 0, -refunded_amount from facts_of_file

    union all

    select file_id, 10, 'net_revenue', rows - unpaid_rows - cancelled_rows, net_amount from facts_of_file

),

final as (

    select
        cast(f.source as {{ dbt.type_string() }}) as source,
        cast(f.source_file as {{ dbt.type_string() }}) as source_file,
        cast(s.file_id as bigint) as file_id,
        cast(s.step_number as bigint) as step_number,
        cast(s.step as {{ dbt.type_string() }}) as step,
        cast(s.rows as bigint) as rows,
        cast(s.amount as decimal(18, 2)) as amount
    from steps as s
    inner join files as f on s.file_id = f.file_id

)

select * from final
