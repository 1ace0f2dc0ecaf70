{{ config(meta={'dagster': {'ref': {'name': 'fct_refunds'}}}) }}

-- What went back of an order is the same in its own row and in its refunds, for every order.
with orders as (

    select order_id, refunded_amount
    from {{ ref('fct_orders') }}

),

refunds as (

    select order_id, sum(amount) as refunded_amount
    from {{ ref('fct_refunds') }}
    where order_id is not null
    group by order_id

)

select
    o.order_id,
    o.refunded_amount,
    r.refunded_amount as itemised_amount
from orders as o
left join refunds as r on o.order_id = r.order_id
where o.refunded_amount <> coalesce(r.refunded_amount, 0)
