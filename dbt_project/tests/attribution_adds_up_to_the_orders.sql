{{ config(meta={'dagster': {'ref': {'name': 'attribution'}}}) }}

-- The contacts of an order share it among them, to the cent, whichever model is asked.
with shared as (

    select
        order_id,
        model,
        sum(weight) as weight,
        sum(attributed_revenue) as attributed_revenue
    from {{ ref('attribution') }}
    group by order_id, model

)

select
    s.order_id,
    s.model,
    s.weight,
    s.attributed_revenue,
    o.net_amount
from shared as s
left join {{ ref('fct_orders') }} as o on s.order_id = o.order_id
where
    abs(s.weight - 1) > 0.000000001
    or o.net_amount is null
    or s.attributed_revenue <> o.net_amount
