{{ config(materialized='incremental', incremental_strategy='replace_scope', unique_key='source_order_id', on_schema_change='fail',
          meta={'scope': 'int_touched_settlements'}) }}
with dispositions as (

    select * from {{ ref('int_row_dispositions') }} where disposition = 'superseded'

),

records as (

    select * from {{ ref('int_order_records') }}
    where {{ in_scope('source_order_id', 'int_touched_settlements') }}

),

items as (

    select * from {{ ref('int_order_items') }}
    where {{ in_scope('source_order_id', 'int_touched_settlements') }}

),

-- The amount that an earlier export gave an order: its total where the export has one, else its lines together.
replaced as (

    {% for landed in landed_formats() if landed.amount -%}
    {%- set is_order = 'orders' in landed.entities -%}
    select
        r.source,
        r.source_order_id,
        d.file_id,
        {{ 'true' if is_order else 'false' }} as is_record,
        {{ 'r.amount - coalesce(r.line_amount, 0)' if is_order and 'order_lines' in landed.entities else 'r.amount' }} as amount
    from dispositions as d
    inner join {{ ref(landed.staging) }} as r
        on d.file_id = r.file_id and d.row_number = r.row_number and d.format = '{{ landed.format }}'
    where {{ in_scope('r.source_order_id', 'int_touched_settlements') }}
    {{ "union all" if not loop.last }}
    {% endfor %}
),

kept as (

    select
        source,
        source_order_id,
        file_id,
        true as is_record,
        gross_amount as amount
    from records

    union all

    select
        i.source,
        i.source_order_id,
        i.file_id,
        false as is_record,
        i.gross_amount as amount
    from items as i

),

-- Lines only describe an order that has a record of its own.
with_record as (

    select distinct source, source_order_id from records

),

every_row as (

    select source, source_order_id, file_id, is_record, amount, false as is_kept from replaced
    union all
    select source, source_order_id, file_id, is_record, amount, true as is_kept from kept

),

final as (

    select
        e.source,
        e.source_order_id,
        e.file_id,
        max(case when e.is_kept then 1 else 0 end) = 1 as is_kept,
        cast(sum(coalesce(e.amount, 0)) as decimal(18, 2)) as gross_amount
    from every_row as e
    left join with_record as w on e.source = w.source and e.source_order_id = w.source_order_id
    where e.is_record = (w.source_order_id is not null)
    group by e.source, e.source_order_id, e.file_id

)

select * from final
