-- The two purchase dates before each purchase are taken in the same window as its number: the lifecycle needs them.
with stated as (

    select
        o.order_id,
        o.shop,
        o.customer_id,
        o.ordered_at,
        cast(o.ordered_at as date) as order_date,
        o.gross_amount,
        o.discount_amount,
        o.freight_amount,
        o.paid_amount,
        o.refunded_amount,
        cast(o.paid_amount - o.refunded_amount as decimal(18, 2)) as net_amount,
        o.item_count,
        case
            when o.is_without_payment then o.first_status
            when o.refunded_amount > 0 and o.refunded_amount >= o.paid_amount then 'refunded'
            when o.refunded_amount > 0 then 'partially_refunded'
            when o.first_status in ('unpaid', 'cancelled') then 'completed'
            else o.first_status
        end as status
    from core.order_totals as o

),

judged as (

    select
        s.order_id,
        s.shop,
        s.customer_id,
        s.ordered_at,
        s.order_date,
        s.gross_amount,
        s.discount_amount,
        s.freight_amount,
        s.paid_amount,
        s.refunded_amount,
        s.net_amount,
        s.item_count,
        s.status,
        s.status not in ('unpaid', 'cancelled', 'refunded') and s.paid_amount > 0 as is_purchase,
        coalesce(
            s.gross_amount > 1000000
            or (s.gross_amount > 0 and (s.gross_amount < b.lower_amount or s.gross_amount > b.upper_amount)),
            false
        ) as is_outlier
    from stated as s
    left join core.outlier_bounds as b on b.measure = 'order'

)

select
    j.order_id,
    j.shop,
    j.customer_id,
    j.ordered_at,
    j.order_date,
    j.status,
    j.is_purchase,
    case when j.is_purchase and j.customer_id is not null then row_number() over purchases end as purchase_number,
    j.gross_amount,
    j.discount_amount,
    j.freight_amount,
    j.paid_amount,
    j.refunded_amount,
    j.net_amount,
    j.item_count,
    j.is_outlier,
    case when j.is_purchase and j.customer_id is not null
        then date_diff('day', lag(j.order_date) over purchases, j.order_date) end as interval_days,
    case when j.is_purchase and j.customer_id is not null
        then date_diff('day', lag(j.order_date, 2) over purchases, lag(j.order_date) over purchases) end
        as previous_interval_days
from judged as j
window purchases as (partition by j.customer_id, j.is_purchase order by j.ordered_at, j.order_id)
