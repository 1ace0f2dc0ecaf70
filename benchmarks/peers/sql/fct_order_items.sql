select
    i.order_id || '-' || cast(i.line_number as varchar) as order_item_id,
    i.order_id,
    i.line_number,
    i.product_id,
    i.quantity,
    i.unit_price,
    i.gross_amount,
    i.discount_amount,
    cast(i.paid_amount - i.refunded_amount as decimal(18, 2)) as net_amount,
    coalesce(
        i.quantity > 10000
        or i.gross_amount > 1000000
        or (i.gross_amount > 0 and (i.gross_amount < b.lower_amount or i.gross_amount > b.upper_amount)),
        false
    ) as is_outlier
from core.order_items as i
left join core.outlier_bounds as b on b.measure = 'line'
