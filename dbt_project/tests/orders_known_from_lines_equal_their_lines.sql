{{ config(meta={'dagster': {'ref': {'name': 'fct_order_items'}}}) }}

-- An order without a record of its own is the sum of its lines. (Where it has one, freight and discounts on the whole
-- order stand only in the record. A refund export names orders, not lines.)
with orders as (

    select
        f.order_id,
        coalesce(f.gross_amount, 0) as gross_amount,
        f.net_amount
    from {{ ref('fct_orders') }} as f
    inner join {{ ref('int_orders') }} as i on f.order_id = i.order_id
    where not i.has_order_record and i.itemised_refund_amount = 0

),

items as (

    select
        order_id,
        coalesce(sum(gross_amount), 0) as gross_amount,
        sum(net_amount) as net_amount
    from {{ ref('fct_order_items') }}
    group by order_id

)

select
    o.order_id,
    o.gross_amount,
    i.gross_amount as items_gross_amount,
    o.net_amount,
    i.net_amount as items_net_amount
from orders as o
left join items as i on o.order_id = i.order_id
where i.order_id is null or o.gross_amount <> i.gross_amount or o.net_amount <> i.net_amount
