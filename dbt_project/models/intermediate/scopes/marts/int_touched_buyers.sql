with touched as (

    select * from {{ ref('int_touched_customers') }}

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

-- Orders that the data already held and the last as-of date had not reached.
arrived as (

    select o.customer_id, o.order_date
    from orders as o
    inner join as_of as a on o.order_date <= a.as_of_date
    inner join builds as b on o.order_date > b.as_of_date

),

united as (

    select customer_id, changed_since from touched
    union all
    select customer_id, order_date as changed_since from arrived
    union all
    -- Days have passed, even without an order.
    select cast(null as {{ dbt.type_string() }}) as customer_id, {{ add_days('b.as_of_date', 1) }} as changed_since
    from builds as b
    inner join as_of as a on b.as_of_date < a.as_of_date

),

final as (

    select customer_id, min(changed_since) as changed_since
    from united
    {%- if not builds_a_part() %}
    where 1 = 0
    {%- endif %}
    group by customer_id

)

select * from final
