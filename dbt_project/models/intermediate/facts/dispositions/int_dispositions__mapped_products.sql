with rows_read as (

    select * from {{ ref('stg_mapped__products') }}

),

unusable as (
{{ unusable_rows('rows_read', ['source', 'source_product_id']) }}
),

usable_rows as (
{{ usable('rows_read', ['source', 'source_product_id']) }}
),

repeated as (
{{ repeated_records('usable_rows', ['source', 'source_product_id']) }}
),

final as (

    select * from unusable
    union all
    select * from repeated

)

select
    'mapped_products' as format,
    file_id,
    row_number,
    disposition,
    reason
from final
