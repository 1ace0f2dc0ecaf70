with files as (

    select * from {{ ref('stg_raw__ingested_files') }} where status = 'loaded'

),

row_dispositions as (

    select * from {{ ref('row_dispositions') }}

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

-- Side two: the published facts, traced back to the file they came from.
facts_of_file as (

    select
        file_id,
        sum(rows) as rows,
        sum(kept_amount) as kept_amount,
        sum(detail_amount) as detail_amount,
        sum(credit_amount) as credit_amount,
        sum(unpaid_amount) as unpaid_amount,
        sum(unpaid_rows) as unpaid_rows,
        sum(cancelled_amount) as cancelled_amount,
        sum(cancelled_rows) as cancelled_rows,
        sum(not_charged_amount) as not_charged_amount,
        sum(refunded_amount) as refunded_amount,
        sum(net_amount) as net_amount
    from {{ ref('int_order_money') }}
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
