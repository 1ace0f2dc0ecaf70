{{ config(meta={'dagster': {'ref': {'name': 'fct_orders'}}}) }}

-- Each refund counts once: a paid amount that is already net would take it off twice.
select
    order_id,
    paid_amount,
    refunded_amount,
    net_amount
from {{ ref('fct_orders') }}
where net_amount is distinct from paid_amount - refunded_amount
