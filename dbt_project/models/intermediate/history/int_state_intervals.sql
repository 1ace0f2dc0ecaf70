{{ config(materialized='incremental', incremental_strategy='replace_scope', unique_key='customer_id', on_schema_change='fail',
          meta={'scope': 'int_touched_histories'}) }}
{%- set dimensions = state_dimensions() -%}
with moves as (

    select * from {{ ref('int_state_moves') }}
    where {{ in_scope('customer_id', 'int_touched_histories') }}

),

published_states as (

    select * from {{ ref('int_published_states') }}
    where {{ in_scope('customer_id', 'int_touched_histories') }}

),

snapshots as (

    select * from {{ ref('int_customer_snapshots') }}

),

nights as (

    {% for dimension in dimensions -%}
    select
        '{{ dimension }}' as dimension,
        customer_id,
        published_from,
        {{ dimension }} as published_value
    from published_states
    {{ "union all" if not loop.last }}
    {% endfor %}
),

-- The nights between the two dates that saw the customer otherwise, and those that saw the new value.
nights_of_move as (

    select
        m.dimension,
        m.snapshot_date,
        m.customer_id,
        n.published_from,
        coalesce(n.published_value, '') = coalesce(m.to_value, '') as is_new_value
    from moves as m
    inner join nights as n
        on
            m.dimension = n.dimension
            and m.customer_id = n.customer_id
            and m.previous_snapshot_date < n.published_from
            and m.snapshot_date > n.published_from

),

last_otherwise as (

    select
        dimension,
        snapshot_date,
        customer_id,
        max(case when not is_new_value then published_from end) as published_from
    from nights_of_move
    group by dimension, snapshot_date, customer_id

),

-- Since when it has been published without a break: a month-end is only where it was found out without nightly runs.
first_nights as (

    select
        n.dimension,
        n.snapshot_date,
        n.customer_id,
        min(n.published_from) as published_from
    from nights_of_move as n
    inner join last_otherwise as o
        on n.dimension = o.dimension and n.snapshot_date = o.snapshot_date and n.customer_id = o.customer_id
    where n.is_new_value and (o.published_from is null or n.published_from > o.published_from)
    group by n.dimension, n.snapshot_date, n.customer_id

),

dated as (

    select
        m.dimension,
        m.customer_id,
        m.snapshot_date,
        m.from_value,
        m.to_value,
        m.cause,
        coalesce(f.published_from, m.snapshot_date) as valid_from
    from moves as m
    left join first_nights as f
        on m.dimension = f.dimension and m.snapshot_date = f.snapshot_date and m.customer_id = f.customer_id

),

followed as (

    select
        *,
        lead(valid_from) over (partition by dimension, customer_id order by snapshot_date) as valid_to
    from dated

),

final as (

    select
        f.customer_id,
        f.dimension,
        f.snapshot_date,
        f.to_value as value,
        f.valid_from,
        f.valid_to,
        f.from_value as previous_value,
        f.cause,
        coalesce(
            'on ' || cast(f.snapshot_date as {{ dbt.type_string() }})
            || ': recency_days = ' || cast(p.recency_days as {{ dbt.type_string() }})
            || ', frequency = ' || cast(p.frequency as {{ dbt.type_string() }})
            || ', monetary = ' || cast(p.monetary as {{ dbt.type_string() }}),
            'on ' || cast(f.snapshot_date as {{ dbt.type_string() }}) || ': no purchase'
        ) as evidence
    from followed as f
    left join snapshots as p on f.snapshot_date = p.snapshot_date and f.customer_id = p.customer_id
    where f.to_value is not null

)

select * from final
