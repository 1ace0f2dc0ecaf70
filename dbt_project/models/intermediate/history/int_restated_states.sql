{%- set dimensions = state_dimensions() -%}
with published_states as (

    select * from {{ ref('int_published_states') }}

),

published_runs as (

    select * from {{ ref('stg_audit__published_runs') }}

),

snapshot_dates as (

    select * from {{ ref('int_snapshot_dates') }}

),

states as (

    select * from {{ ref('int_customer_states') }}

),

-- Month-ends for which marts were published when they were the present.
published_dates as (

    select d.snapshot_date
    from snapshot_dates as d
    inner join published_runs as r on d.snapshot_date = r.as_of_date
    where not d.is_as_of

),

published_then as (

    select
        d.snapshot_date,
        p.*
    from published_dates as d
    inner join published_states as p
        on
            d.snapshot_date >= p.published_from
            and (p.published_until is null or d.snapshot_date < p.published_until)

),

known_now as (

    select s.*
    from states as s
    inner join published_dates as d on s.snapshot_date = d.snapshot_date

),

both_sides as (

    select
        coalesce(t.snapshot_date, n.snapshot_date) as snapshot_date,
        coalesce(t.customer_id, n.customer_id) as customer_id,
        {% for dimension in dimensions -%}
        t.{{ dimension }} as published_{{ dimension }},
        n.{{ dimension }}{{ "," if not loop.last }}
        {% endfor %}
    from published_then as t
    full outer join known_now as n on t.snapshot_date = n.snapshot_date and t.customer_id = n.customer_id

),

final as (

    {% for dimension in dimensions -%}
    select
        '{{ dimension }}' as dimension,
        snapshot_date,
        customer_id,
        published_{{ dimension }} as published_value,
        {{ dimension }} as value_now
    from both_sides
    where coalesce(published_{{ dimension }}, '') <> coalesce({{ dimension }}, '')
    {{ "union all" if not loop.last }}
    {% endfor %}
)

select * from final
