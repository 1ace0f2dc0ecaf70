with calendar as (

    select * from {{ ref('int_calendar') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

dated as (

    select as_of_date as snapshot_date, true as is_as_of
    from as_of
    where as_of_date is not null

    union all

    select d.calendar_date as snapshot_date, false as is_as_of
    from calendar as d
    inner join as_of as a on d.calendar_date < a.as_of_date
    where
        {{ add_days('d.calendar_date', 1) }}
        = cast({{ dbt.date_trunc('month', add_days('d.calendar_date', 1)) }} as date)

),

numbered as (

    select
        snapshot_date,
        is_as_of,
        lag(snapshot_date) over (order by snapshot_date asc) as previous_snapshot_date,
        row_number() over (order by snapshot_date desc) as snapshots_ago
    from dated

)

select
    snapshot_date,
    is_as_of,
    -- The oldest one that is kept has nothing to be compared with.
    case when snapshots_ago <= {{ var('history_month_ends') }} then previous_snapshot_date end as previous_snapshot_date
from numbered
where snapshots_ago <= {{ var('history_month_ends') }} + 1
