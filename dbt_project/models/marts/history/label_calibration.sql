with states as (

    select * from {{ ref('int_customer_states') }}

),

snapshots as (

    select * from {{ ref('int_customer_snapshots') }}

),

cut_points as (

    select * from {{ ref('int_cut_points') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

-- Counted once by all labels together, so that each label is added up from few rows.
labelled as (

    select
        s.snapshot_date,
        s.lifecycle,
        s.segment,
        s.value_class,
        s.quadrant,
        count(*) as customers,
        {% for days in var('calibration_horizons_days') -%}
        sum(
            case when {{ days_between('p.snapshot_date', 'p.next_purchase_date') }} <= {{ days }} then 1 else 0 end
        ) as bought_within_{{ days }}{{ "," if not loop.last }}
        {% endfor %}
    from states as s
    inner join snapshots as p on s.snapshot_date = p.snapshot_date and s.customer_id = p.customer_id
    group by s.snapshot_date, s.lifecycle, s.segment, s.value_class, s.quadrant

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
