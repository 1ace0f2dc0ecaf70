{{ config(materialized='incremental', incremental_strategy='replace_scope', unique_key='source_order_id', on_schema_change='fail',
          meta={'scope': 'int_touched_orders'}) }}
with row_dispositions as (

    select * from {{ ref('int_row_dispositions') }}

),

lines as (

    select 'complete_journey_transactions' as format, file_id, row_number, source, source_order_id,
        source_customer_id, quantity, amount, cast(amount as decimal(18, 4)) as exact_amount
    from {{ ref('stg_complete_journey__transactions') }}
    where
        not is_unreadable
        and source_order_id is not null
        and {{ in_scope('source_order_id', 'int_touched_orders') }}

    union all

    select 'online_retail', file_id, row_number, source, source_order_id,
        source_customer_id, quantity, amount, exact_amount
    from {{ ref('stg_online_retail__lines') }}
    where
        not is_unreadable
        and source_order_id is not null
        and {{ in_scope('source_order_id', 'int_touched_orders') }}

    union all

    select 'mapped_order_lines', file_id, row_number, source, source_order_id,
        source_customer_id, quantity, amount, cast(amount as decimal(18, 4))
    from {{ ref('stg_mapped__order_lines') }}
    where
        not is_unreadable
        and source_order_id is not null
        and {{ in_scope('source_order_id', 'int_touched_orders') }}

),

-- The rule that public notebooks use: what stands in two files counts once; equal rows of one document stay.
without_overlap as (

    select l.*
    from lines as l
    left join row_dispositions as d
        on
            l.format = d.format and l.file_id = d.file_id and l.row_number = d.row_number
            and d.disposition in ('file_overlap', 'superseded')
    where d.file_id is null

),

final as (

    select
        source,
        source_order_id,
        source_customer_id,
        sum(case when quantity > 0 and exact_amount > 0 and source_customer_id is not null then 1 else 0 end) as lines,
        sum(
            case when quantity > 0 and exact_amount > 0 and source_customer_id is not null then exact_amount else 0 end
        ) as gross
    from without_overlap
    group by source, source_order_id, source_customer_id

)

select
    source,
    source_order_id,
    source_customer_id,
    cast(lines as bigint) as lines,
    cast(gross as decimal(18, 4)) as gross
from final
