select
    l.product_id,
    max(l.title) as title,
    max(l.category) as category,
    cast(max(l.unit_price) as decimal(18, 2)) as list_price
from core.order_lines as l
anti join core.row_dispositions as d on l.rowid = d.row_number
group by l.product_id
