with touched as (

    select order_id from {{ ref('int_touched_facts') }}

),

orders as (

    select * from {{ ref('fct_orders') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

builds as (

    select * from {{ ref('stg_audit__builds') }}

),

final as (

    select order_id from touched

    union

    -- Orders that the data already held and the last as-of date had not reached.
    select o.order_id
    from orders as o
    inner join as_of as a on o.order_date <= a.as_of_date
    inner join builds as b on o.order_date > b.as_of_date
    {%- if not builds_a_part() %}
    where 1 = 0
    {%- endif %}

)

select * from final
