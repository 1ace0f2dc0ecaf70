{{ config(meta={'dagster': {'ref': {'name': 'gmv_bridge'}}}) }}

-- An order that belongs to no file, or to two, makes the two differ.
with bridge as (

    select coalesce(sum(amount), 0) as net_revenue
    from {{ ref('gmv_bridge') }}
    where step = 'net_revenue'

),

orders as (

    select coalesce(sum(net_amount), 0) as net_revenue
    from {{ ref('fct_orders') }}

)

select
    b.net_revenue as bridge_revenue,
    o.net_revenue as order_revenue
from bridge as b
cross join orders as o
where b.net_revenue <> o.net_revenue
