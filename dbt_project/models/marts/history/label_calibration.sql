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

horizons as (

    {% for days in var('calibration_horizons_days') -%}
    select {{ days }} as horizon_days
    {{ "union all" if not loop.last }}
    {% endfor %}
),

labelled as (

    {% for dimension in ['lifecycle', 'segment', 'value_class', 'quadrant'] -%}
    select
        s.snapshot_date,
        '{{ dimension }}' as dimension,
        s.{{ dimension }} as label,
        {{ days_between('p.snapshot_date', 'p.next_purchase_date') }} as days_to_next_purchase
    from states as s
    inner join snapshots as p on s.snapshot_date = p.snapshot_date and s.customer_id = p.customer_id
    where s.{{ dimension }} is not null
    {{ "union all" if not loop.last }}
    {% endfor %}
),

-- A date counts for a horizon only when all of the horizon has been seen.
followed as (

    select
        l.snapshot_date,
        l.dimension,
        l.label,
        h.horizon_days,
        count(*) as customers,
        sum(case when l.days_to_next_purchase <= h.horizon_days then 1 else 0 end) as bought_again
    from labelled as l
    cross join as_of as a
    inner join horizons as h on {{ add_days('l.snapshot_date', 'h.horizon_days') }} <= a.as_of_date
    group by l.snapshot_date, l.dimension, l.label, h.horizon_days

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
