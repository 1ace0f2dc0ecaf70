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

    -- Points that have expired since, and entries of days that the last as-of date had not reached.
    select m.customer_id
    from movements as m
    inner join as_of as a on m.expires_on <= a.as_of_date or cast(m.posted_at as date) <= a.as_of_date
    inner join builds as b on m.expires_on > b.as_of_date or cast(m.posted_at as date) > b.as_of_date
    {%- if not builds_a_part() %}
    where 1 = 0
    {%- endif %}

)

select * from final
