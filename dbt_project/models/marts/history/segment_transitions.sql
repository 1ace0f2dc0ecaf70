with moves as (

    select * from {{ ref('int_state_moves') }} where previous_snapshot_date is not null

),

restated as (

    select * from {{ ref('int_restated_states') }}

),

snapshot_dates as (

    select * from {{ ref('int_snapshot_dates') }}

),

sizes as (

    select * from {{ ref('int_state_sizes') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

-- From what was published then, if it was, else from what the orders of today say of that date.
moves_as_published as (

    select
        m.dimension,
        m.previous_snapshot_date as from_date,
        m.snapshot_date as to_date,
        case when r.customer_id is not null then r.published_value else m.from_value end as from_value,
        m.to_value,
        m.cause
    from moves as m
    left join restated as r
        on m.dimension = r.dimension and m.previous_snapshot_date = r.snapshot_date and m.customer_id = r.customer_id

    union all

    -- The orders of today say that the customer already was what it is: only the data moved.
    select
        r.dimension,
        d.previous_snapshot_date as from_date,
        d.snapshot_date as to_date,
        r.published_value as from_value,
        r.value_now as to_value,
        'restated' as cause
    from restated as r
    inner join snapshot_dates as d on r.snapshot_date = d.previous_snapshot_date
    left join moves as m
        on r.dimension = m.dimension and r.snapshot_date = m.previous_snapshot_date and r.customer_id = m.customer_id
    where m.customer_id is null

),

counted as (

    select
        dimension,
        from_date,
        to_date,
        coalesce(from_value, 'none') as from_value,
        coalesce(to_value, 'none') as to_value,
        cause,
        count(*) as customers
    from moves_as_published
    where coalesce(from_value, '') <> coalesce(to_value, '')
    group by dimension, from_date, to_date, coalesce(from_value, 'none'), coalesce(to_value, 'none'), cause

),

final as (

    select
        cast(a.as_of_date as date) as as_of_date,
        cast(c.from_date as date) as from_date,
        cast(c.to_date as date) as to_date,
        cast(c.dimension as {{ dbt.type_string() }}) as dimension,
        cast(c.from_value as {{ dbt.type_string() }}) as from_value,
        cast(c.to_value as {{ dbt.type_string() }}) as to_value,
        cast(c.cause as {{ dbt.type_string() }}) as cause,
        cast(c.customers as bigint) as customers,
        cast(s.customers as bigint) as customers_before
    from counted as c
    cross join as_of as a
    left join sizes as s
        on c.dimension = s.dimension and c.from_date = s.snapshot_date and c.from_value = s.value

)

select * from final
