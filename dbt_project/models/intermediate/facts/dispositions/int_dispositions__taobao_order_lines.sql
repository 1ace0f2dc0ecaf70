with rows_read as (

    select * from {{ ref('stg_taobao__order_lines') }}

),

rules as (

    select * from {{ ref('int_source_rules') }}

),

order_dispositions as (

    select * from {{ ref('int_dispositions__taobao_orders') }} where disposition = 'brushed'

),

orders as (

    select * from {{ ref('stg_taobao__orders') }}

),

unusable as (
{{ unusable_rows('rows_read', ['source_order_id']) }}
),

usable_rows as (
{{ usable('rows_read', ['source_order_id']) }}
),

-- Newer exports number each line; older ones do not.
numbered_rows as (

    select * from usable_rows where line_id is not null

),

unnumbered_rows as (

    select * from usable_rows where line_id is null

),

repeated as (
{{ repeated_records('numbered_rows', ['source_order_id', 'line_id']) }}
),

overlapping as (
{{ overlapping_documents('unnumbered_rows', 'source_product_id') }}
),

duplicates as (
{{ duplicate_lines('unnumbered_rows', 'rules') }}
),

duplicates_only as (
{{ first_disposition('duplicates', ['overlapping']) }}
),

brushed_orders as (

    select distinct o.source_order_id
    from orders as o
    inner join order_dispositions as d on o.file_id = d.file_id and o.row_number = d.row_number

),

brushed as (

    select
        r.file_id,
        r.row_number,
        'brushed' as disposition,
        'line of an order marked as brushed' as reason
    from usable_rows as r
    inner join brushed_orders as b on r.source_order_id = b.source_order_id

),

brushed_only as (
{{ first_disposition('brushed', ['repeated', 'overlapping', 'duplicates']) }}
),

final as (

    select * from unusable
    union all
    select * from repeated
    union all
    select * from overlapping
    union all
    select * from duplicates_only
    union all
    select * from brushed_only

)

select
    'taobao_order_lines' as format,
    file_id,
    row_number,
    disposition,
    reason
from final
