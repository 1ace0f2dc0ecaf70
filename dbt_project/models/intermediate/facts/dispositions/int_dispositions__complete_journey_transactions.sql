with rows_read as (

    select * from {{ ref('stg_complete_journey__transactions') }}

),

rules as (

    select * from {{ ref('int_source_rules') }}

),

unusable as (
{{ unusable_rows('rows_read', ['source_order_id', 'source_product_id', 'amount']) }}
),

usable_rows as (
{{ usable('rows_read', ['source_order_id', 'source_product_id', 'amount']) }}
),

overlapping as (
{{ overlapping_documents('usable_rows', 'source_product_id') }}
),

duplicates as (
{{ duplicate_lines('usable_rows', 'rules') }}
),

duplicates_only as (
{{ first_disposition('duplicates', ['overlapping']) }}
),

final as (

    select * from unusable
    union all
    select * from overlapping
    union all
    select * from duplicates_only

)

select
    'complete_journey_transactions' as format,
    file_id,
    row_number,
    disposition,
    reason
from final
