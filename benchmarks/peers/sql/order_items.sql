-- The lines that stay, numbered within their order.
select
    l.order_id,
    row_number() over (partition by l.order_id order by l.rowid) as line_number,
    l.customer_id,
    l.shop,
    l.product_id,
    coalesce(l.status, 'completed') as status,
    l.quantity,
    l.unit_price,
    coalesce(l.gross_amount, 0) as gross_amount,
    l.discount_amount,
    l.freight_amount,
    cast(
        case when l.status in ('unpaid', 'cancelled') then 0 else coalesce(l.gross_amount, 0) - l.discount_amount end
        as decimal(18, 2)
    ) as paid_amount,
    cast(case when l.status in ('unpaid', 'cancelled') then 0 else l.refunded_amount end as decimal(18, 2))
        as refunded_amount,
    l.ordered_at
from core.order_lines as l
anti join core.row_dispositions as d on l.rowid = d.row_number
