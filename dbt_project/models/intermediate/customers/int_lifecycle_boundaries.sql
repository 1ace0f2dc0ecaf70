with purchases as (

    select * from {{ ref('int_purchases') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

intervals as (

    select interval_days, count(*) as occurrences
    from purchases
    where interval_days > 0
    group by interval_days

),

cumulated as (

    select
        interval_days,
        sum(occurrences) over (order by interval_days rows between unbounded preceding and current row) as so_far,
        sum(occurrences) over () as total
    from intervals

),

-- The smallest number of days that covers the share: a value that really occurs, the same on every engine.
percentiles as (

    select
        coalesce(max(total), 0) as interval_count,
        min(case when so_far >= {{ var('lifecycle_silent_percentile') }} * total then interval_days end) as silent_days,
        min(case when so_far >= {{ var('lifecycle_sleeping_percentile') }} * total then interval_days end) as sleeping_days,
        min(case when so_far >= {{ var('lifecycle_churned_percentile') }} * total then interval_days end) as churned_days
    from cumulated

),

final as (

    select
        a.as_of_date,
        p.interval_count,
        p.interval_count >= {{ var('lifecycle_minimum_intervals') }} as is_from_own_intervals,
        cast(
            case
                when p.interval_count >= {{ var('lifecycle_minimum_intervals') }} then p.silent_days
                else {{ var('lifecycle_fixed_silent_days') }}
            end as bigint
        ) as silent_after_days,
        cast(
            case
                when p.interval_count >= {{ var('lifecycle_minimum_intervals') }} then p.sleeping_days
                else {{ var('lifecycle_fixed_sleeping_days') }}
            end as bigint
        ) as sleeping_after_days,
        cast(
            case
                when p.interval_count >= {{ var('lifecycle_minimum_intervals') }} then p.churned_days
                else {{ var('lifecycle_fixed_churned_days') }}
            end as bigint
        ) as churned_after_days
    from as_of as a
    cross join percentiles as p

)

select * from final
