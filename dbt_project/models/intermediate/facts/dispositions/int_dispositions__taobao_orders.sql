with rows_read as (

    select * from {{ ref('stg_taobao__orders') }}

),

unusable as (
{{ unusable_rows('rows_read', ['source_order_id']) }}
),

usable_rows as (
{{ usable('rows_read', ['source_order_id']) }}
),

repeated as (
{{ repeated_records('usable_rows', ['source_order_id']) }}
),

brushed as (

    select
        file_id,
        row_number,
        'brushed' as disposition,
        'marked as a brushed order in the seller''s memo' as reason
    from usable_rows
    where is_brushed

),

brushed_only as (
{{ first_disposition('brushed', ['repeated']) }}
),

final as (

    select * from unusable
    union all
    select * from repeated
    union all
    select * from brushed_only

)

select
    'taobao_orders' as format,
    file_id,
    row_number,
    disposition,
    reason
from final
