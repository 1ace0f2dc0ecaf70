-- One row per order, from its lines.
select
    i.order_id,
    max(i.shop) as shop,
    max(i.customer_id) as customer_id,
    min(i.ordered_at) as ordered_at,
    max(case when i.line_number = 1 then i.status end) as first_status,
    bool_and(i.status in ('unpaid', 'cancelled')) as is_without_payment,
    cast(sum(i.gross_amount) as decimal(18, 2)) as gross_amount,
    cast(sum(i.discount_amount) as decimal(18, 2)) as discount_amount,
    cast(sum(i.freight_amount) as decimal(18, 2)) as freight_amount,
    cast(sum(i.paid_amount) as decimal(18, 2)) as paid_amount,
    cast(sum(i.refunded_amount) as decimal(18, 2)) as refunded_amount,
    cast(sum(case when i.quantity between 1 and 10000 then i.quantity else 1 end) as bigint) as item_count
from core.order_items as i
group by i.order_id
