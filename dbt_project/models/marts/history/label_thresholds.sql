with purchases as (

    select * from {{ ref('int_purchases') }}

),

boundaries as (

    select * from {{ ref('int_lifecycle_boundaries') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

horizons as (

    {% for days in var('calibration_horizons_days') -%}
    select {{ days }} as horizon_days
    {{ "union all" if not loop.last }}
    {% endfor %}
),

candidates as (

    select threshold_days from {{ ref('calibration_thresholds') }}
    union
    select silent_after_days as threshold_days from boundaries
    union
    select sleeping_after_days as threshold_days from boundaries
    union
    select churned_after_days as threshold_days from boundaries

),

-- From each purchase day to the next, or to the as-of date.
silences as (

    select
        purchase_date,
        {{ days_between('purchase_date', 'next_purchase_date') }} as silent_days,
        count(*) as occurrences
    from purchases
    where next_purchase_date is null or next_purchase_date > purchase_date
    group by purchase_date, next_purchase_date

),

-- A silence that outlasts the threshold raises one alarm, on the day it crosses it; the alarm was false when the customer
-- bought again within the horizon. Only alarms whose whole horizon has been seen count.
alarms as (

    select
        c.threshold_days,
        h.horizon_days,
        sum(s.occurrences) as alarms,
        sum(case when s.silent_days <= c.threshold_days + h.horizon_days then s.occurrences else 0 end) as false_alarms
    from silences as s
    cross join as_of as a
    cross join candidates as c
    inner join horizons as h
        on {{ add_days('s.purchase_date', 'c.threshold_days + h.horizon_days') }} <= a.as_of_date
    where s.silent_days is null or s.silent_days > c.threshold_days
    group by c.threshold_days, h.horizon_days

),

final as (

    select
        cast(a.as_of_date as date) as as_of_date,
        cast(l.threshold_days as bigint) as threshold_days,
        cast(l.horizon_days as bigint) as horizon_days,
        cast(
            case l.threshold_days
                when b.churned_after_days then 'churned'
                when b.sleeping_after_days then 'sleeping'
                when b.silent_after_days then 'silent'
            end as {{ dbt.type_string() }}
        ) as in_use_for,
        cast(l.alarms as bigint) as alarms,
        cast(l.false_alarms as bigint) as false_alarms,
        cast(l.false_alarms as double) / l.alarms as false_alarm_rate,
        {{ wilson_bound('l.false_alarms', 'l.alarms', 'low') }} as rate_low,
        {{ wilson_bound('l.false_alarms', 'l.alarms', 'high') }} as rate_high,
        {{ wilson_bound('l.false_alarms', 'l.alarms', 'high') }} <= {{ var('accepted_false_alarm_rate') }} as is_accepted
    from alarms as l
    cross join as_of as a
    cross join boundaries as b

)

select * from final
