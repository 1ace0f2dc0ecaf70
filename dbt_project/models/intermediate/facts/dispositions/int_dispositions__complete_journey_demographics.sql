with rows_read as (

    select * from {{ ref('stg_complete_journey__demographics') }}

),

unusable as (
{{ unusable_rows('rows_read', ['source_customer_id']) }}
),

usable_rows as (
{{ usable('rows_read', ['source_customer_id']) }}
),

repeated as (
{{ repeated_records('usable_rows', ['source_customer_id']) }}
),

final as (

    select * from unusable
    union all
    select * from repeated

)

select
    'complete_journey_demographics' as format,
    file_id,
    row_number,
    disposition,
    reason
from final
