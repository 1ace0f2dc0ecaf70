with labelled as (

    select * from {{ ref('int_label_followups') }}

),

cut_points as (

    select * from {{ ref('int_cut_points') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

by_label as (

    {% for dimension in ['lifecycle', 'segment', 'value_class', 'quadrant'] -%}
    {% set last_dimension = loop.last -%}
    {% for days in var('calibration_horizons_days') -%}
    select
        snapshot_date,
        '{{ dimension }}' as dimension,
        {{ dimension }} as label,
        {{ days }} as horizon_days,
        sum(customers) as customers,
        sum(bought_within_{{ days }}) as bought_again
    from labelled
    where {{ dimension }} is not null
    group by snapshot_date, {{ dimension }}
    {{ "union all" if not (loop.last and last_dimension) }}
    {% endfor -%}
    {% endfor %}
),

-- A date counts for a horizon only when all of the horizon has been seen.
followed as (

    select l.*
    from by_label as l
    inner join as_of as a on {{ add_days('l.snapshot_date', 'l.horizon_days') }} <= a.as_of_date

),

final as (

    select
        cast(a.as_of_date as date) as as_of_date,
        cast(f.snapshot_date as date) as snapshot_date,
        cast(f.dimension as {{ dbt.type_string() }}) as dimension,
        cast(f.label as {{ dbt.type_string() }}) as label,
        cast(
            case when f.dimension = 'lifecycle' then
                case f.label
                    when 'silent' then c.silent_after_days
                    when 'sleeping' then c.sleeping_after_days
                    when 'churned' then c.churned_after_days
                end
            end as bigint
        ) as threshold_days,
        cast(f.horizon_days as bigint) as horizon_days,
        cast(f.customers as bigint) as customers,
        cast(f.bought_again as bigint) as bought_again,
        cast(f.bought_again as double) / f.customers as bought_again_rate,
        {{ wilson_bound('f.bought_again', 'f.customers', 'low') }} as rate_low,
        {{ wilson_bound('f.bought_again', 'f.customers', 'high') }} as rate_high
    from followed as f
    cross join as_of as a
    inner join cut_points as c on f.snapshot_date = c.snapshot_date

)

select * from final
