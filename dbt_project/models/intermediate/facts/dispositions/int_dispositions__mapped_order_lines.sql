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

examples as (
{{ example_rows('usable_rows', landed_format('mapped_order_lines').example_ids) }}
),

examples_only as (
{{ first_disposition('examples', ['repeated', 'overlapping', 'duplicates']) }}
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
    select * from examples_only

)

select
    'mapped_order_lines' as format,
    file_id,
    row_number,
    disposition,
    reason
from final
