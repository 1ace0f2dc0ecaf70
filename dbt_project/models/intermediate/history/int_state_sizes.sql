{{ config(materialized='incremental', incremental_strategy='replace_scope', unique_key='snapshot_date', on_schema_change='fail',
          meta={'scope': 'int_touched_snapshots'}) }}
{%- set dimensions = state_dimensions() -%}
with states as (

    select * from {{ ref('int_customer_states') }}
    where {{ in_scope('snapshot_date', 'int_touched_snapshots') }}

),

-- Counted once by all labels together, so that each label is added up from few rows.
labelled as (

    select
        snapshot_date,
        {% for dimension in dimensions -%}
        {{ dimension }},
        {% endfor -%}
        count(*) as customers
    from states
    group by
        snapshot_date,
        {% for dimension in dimensions -%}
        {{ dimension }}{{ "," if not loop.last }}
        {% endfor %}
),

final as (

    {% for dimension in dimensions -%}
    select
        '{{ dimension }}' as dimension,
        snapshot_date,
        {{ dimension }} as value,
        cast(sum(customers) as bigint) as customers
    from labelled
    where {{ dimension }} is not null
    group by snapshot_date, {{ dimension }}
    {{ "union all" if not loop.last }}
    {% endfor %}
)

select * from final
