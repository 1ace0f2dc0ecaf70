with touched_buyers as (

    select * from {{ ref('int_touched_buyers') }}

),

movements as (

    select * from {{ ref('int_points_movements') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

builds as (

    select * from {{ ref('stg_audit__builds') }}

),

final as (

    select customer_id from touched_buyers

    union

    -- Points that have expired since the last as-of date, and entries of days that it had not reached.
    select m.customer_id
    from movements as m
    cross join as_of as a
    cross join builds as b
    where
        (
            (m.expires_on > b.as_of_date and m.expires_on <= a.as_of_date)
            or (cast(m.posted_at as date) > b.as_of_date and cast(m.posted_at as date) <= a.as_of_date)
        )
        {%- if not builds_a_part() %}
        and 1 = 0
        {%- endif %}

)

select * from final
