{%- set dimensions = state_dimensions() -%}
with states as (

    select * from {{ ref('int_customer_states') }}

),

snapshot_dates as (

    select * from {{ ref('int_snapshot_dates') }}

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

),

final as (

    select *
    from chained
    where
        known_on is null
        {% for dimension in dimensions -%}
        or coalesce({{ dimension }}, '') <> coalesce(earlier_{{ dimension }}, '')
        {% endfor %}

)

select * from final
