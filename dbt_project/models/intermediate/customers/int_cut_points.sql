{{ config(materialized='incremental', incremental_strategy='replace_scope', unique_key='snapshot_date', on_schema_change='fail',
          meta={'scope': 'int_touched_snapshots'}) }}
-- depends_on: {{ ref('rfm_cut_points') }}
with snapshots as (

    select * from {{ ref('int_customer_snapshots') }}
    where {{ in_scope('snapshot_date', 'int_touched_snapshots') }}

),

boundaries as (

    select * from {{ ref('int_snapshot_boundaries') }}
    where {{ in_scope('snapshot_date', 'int_touched_snapshots') }}

),

measured as (

    select
        snapshot_date,
        recency_days,
        frequency,
        monetary
    from snapshots
    where frequency > 0

),

{{ rfm_cut_points('measured', 'snapshot_date') }},

scored as (

    select
        m.snapshot_date,
        {{ rfm_score('r', 'm.recency_days', 'c') }} as r_score,
        {{ rfm_score('f', 'm.frequency', 'c') }} as f_score,
        {{ rfm_score('m', 'm.monetary', 'c') }} as m_score
    from measured as m
    inner join cut_points as c on m.snapshot_date = c.snapshot_date

),

score_means as (

    select
        snapshot_date,
        avg(r_score) as r_mean,
        avg(f_score) as f_mean,
        avg(m_score) as m_mean
    from scored
    group by snapshot_date

),

thresholds as (

    select
        snapshot_date,
        count(*) as customers,
        {% if var('quadrant_threshold') == 'median' -%}
        cast(median(monetary) as double) as amount_threshold,
        cast(median(frequency) as double) as frequency_threshold
        {%- else -%}
        cast(sum(monetary) as double) / count(*) as amount_threshold,
        cast(sum(frequency) as double) / count(*) as frequency_threshold
        {%- endif %}
    from measured
    group by snapshot_date

),

final as (

    select
        b.snapshot_date,
        b.is_as_of,
        coalesce(t.customers, 0) as customers,
        {% for measure in ['r', 'f', 'm'] -%}
        {% for score in range(2, 6) -%}
        c.{{ measure }}_{{ score }},
        {% endfor -%}
        {% endfor -%}
        s.r_mean,
        s.f_mean,
        s.m_mean,
        t.amount_threshold,
        t.frequency_threshold,
        b.interval_count,
        b.is_from_own_intervals,
        b.silent_after_days,
        b.sleeping_after_days,
        b.churned_after_days
    from boundaries as b
    left join cut_points as c on b.snapshot_date = c.snapshot_date
    left join score_means as s on b.snapshot_date = s.snapshot_date
    left join thresholds as t on b.snapshot_date = t.snapshot_date

)

select * from final
