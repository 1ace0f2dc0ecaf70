{{ config(materialized='incremental', incremental_strategy='replace_scope', unique_key='snapshot_date', on_schema_change='fail',
          meta={'scope': 'int_touched_snapshots'}) }}
{%- set dimensions = state_dimensions() -%}
with states as (

    select * from {{ ref('int_customer_states') }}

),

snapshot_dates as (

    select * from {{ ref('int_snapshot_dates') }}

),

-- The dates to be built, and the one before each to be compared with.
dates_read as (

    select snapshot_date from snapshot_dates
    where {{ in_scope('snapshot_date', 'int_touched_snapshots') }}

    union

    select previous_snapshot_date as snapshot_date from snapshot_dates
    where {{ in_scope('snapshot_date', 'int_touched_snapshots') }}

),

chained as (

    select
        s.snapshot_date,
        d.previous_snapshot_date,
        s.customer_id,
        lag(s.snapshot_date) over (partition by s.customer_id order by s.snapshot_date) as known_on,
        {% for dimension in dimensions -%}
        s.{{ dimension }},
        lag(s.{{ dimension }}) over (
            partition by s.customer_id order by s.snapshot_date
        ) as earlier_{{ dimension }}{{ "," if not loop.last }}
        {% endfor %}
    from states as s
    inner join snapshot_dates as d on s.snapshot_date = d.snapshot_date
    inner join dates_read as r on s.snapshot_date = r.snapshot_date

),

final as (

    select *
    from chained
    where
        {{ in_scope('snapshot_date', 'int_touched_snapshots') }}
        and (
            known_on is null
            {% for dimension in dimensions -%}
            or coalesce({{ dimension }}, '') <> coalesce(earlier_{{ dimension }}, '')
            {% endfor %}
        )

)

select * from final
