{{ config(materialized='incremental', incremental_strategy='replace_scope', unique_key='snapshot_date', on_schema_change='fail',
          meta={'scope': 'int_touched_snapshots'}) }}
with purchases as (

    select * from {{ ref('int_purchases') }}

),

snapshot_dates as (

    select * from {{ ref('int_snapshot_dates') }}
    where {{ in_scope('snapshot_date', 'int_touched_snapshots') }}

),

-- Two orders of one day say nothing about a rhythm.
intervals as (

    select
        purchase_date,
        interval_days,
        count(*) as occurrences
    from purchases
    where interval_days > 0
    group by purchase_date, interval_days

),

known_by as (

    select
        s.snapshot_date,
        i.interval_days,
        sum(i.occurrences) as occurrences
    from snapshot_dates as s
    inner join intervals as i on s.snapshot_date >= i.purchase_date
    group by s.snapshot_date, i.interval_days

),

cumulated as (

    select
        snapshot_date,
        interval_days,
        sum(occurrences) over (
            partition by snapshot_date order by interval_days rows between unbounded preceding and current row
        ) as so_far,
        sum(occurrences) over (partition by snapshot_date) as total
    from known_by

),

-- The smallest number of days that covers the share: a value that really occurs, the same on every engine.
percentiles as (

    select
        snapshot_date,
        max(total) as interval_count,
        min(case when so_far >= {{ var('lifecycle_silent_percentile') }} * total then interval_days end) as silent_days,
        min(case when so_far >= {{ var('lifecycle_sleeping_percentile') }} * total then interval_days end) as sleeping_days,
        min(case when so_far >= {{ var('lifecycle_churned_percentile') }} * total then interval_days end) as churned_days
    from cumulated
    group by snapshot_date

),

judged as (

    select
        s.snapshot_date,
        s.is_as_of,
        coalesce(p.interval_count, 0) as interval_count,
        {% if var('lifecycle_method') == 'fixed' -%}
        false as is_from_own_intervals,
        {%- else -%}
        coalesce(p.interval_count >= {{ var('lifecycle_minimum_intervals') }}, false) as is_from_own_intervals,
        {%- endif %}
        p.silent_days,
        p.sleeping_days,
        p.churned_days
    from snapshot_dates as s
    left join percentiles as p on s.snapshot_date = p.snapshot_date

),

final as (

    select
        snapshot_date,
        is_as_of,
        interval_count,
        is_from_own_intervals,
        {% for state in ['silent', 'sleeping', 'churned'] -%}
        cast(
            case
                when is_from_own_intervals then {{ state }}_days
                else {{ var('lifecycle_fixed_' ~ state ~ '_days') }}
            end as bigint
        ) as {{ state }}_after_days{{ "," if not loop.last }}
        {% endfor %}
    from judged

)

select * from final
