with boundaries as (

    select * from {{ ref('int_snapshot_boundaries') }}

)

select
    snapshot_date as as_of_date,
    interval_count,
    is_from_own_intervals,
    silent_after_days,
    sleeping_after_days,
    churned_after_days
from boundaries
where is_as_of
