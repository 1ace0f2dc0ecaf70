select
    o.customer_id,
    min(o.ordered_at) as first_order_at,
    min(case when o.is_purchase then o.ordered_at end) as first_purchase_at,
    max(case when o.is_purchase then o.ordered_at end) as last_purchase_at
from core.fct_orders as o
where o.customer_id is not null
group by o.customer_id
