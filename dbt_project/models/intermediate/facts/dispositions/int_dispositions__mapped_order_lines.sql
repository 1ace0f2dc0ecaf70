with rows_read as (

    select * from {{ ref('stg_mapped__order_lines') }}

),

rules as (

    select * from {{ ref('int_source_rules') }}

),

unusable as (
{{ unusable_rows('rows_read', ['source', 'source_order_id', 'source_product_id']) }}
),

usable_rows as (
{{ usable('rows_read', ['source', 'source_order_id', 'source_product_id']) }}
),

-- Newer exports number each line; older ones do not.
numbered_rows as (

    select * from usable_rows where line_id is not null

),

unnumbered_rows as (

    select * from usable_rows where line_id is null

),

repeated as (
{{ repeated_records('numbered_rows', ['source', 'source_order_id', 'line_id']) }}
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

final as (

    select * from unusable
    union all
    select * from repeated
    union all
    select * from overlapping
    union all
    select * from duplicates_only

)

select
    'mapped_order_lines' as format,
    file_id,
    row_number,
    disposition,
    reason
from final
