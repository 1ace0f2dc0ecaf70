-- Modified z-score of the logarithm (3.5 median absolute deviations) of orders and of lines.
with amounts as (

    select 'order' as measure, ln(cast(o.gross_amount as double)) as log_amount
    from core.order_totals as o
    where o.gross_amount > 0
    union all
    select 'line' as measure, ln(cast(i.gross_amount as double)) as log_amount
    from core.order_items as i
    where i.gross_amount > 0

),

medians as (

    select a.measure, median(a.log_amount) as median_log
    from amounts as a
    group by a.measure

),

deviations as (

    select a.measure, m.median_log, median(abs(a.log_amount - m.median_log)) as mad
    from amounts as a
    inner join medians as m on a.measure = m.measure
    group by a.measure, m.median_log

)

select
    d.measure,
    case when d.mad > 0 then exp(d.median_log - 3.5 * d.mad / 0.6745) end as lower_amount,
    case when d.mad > 0 then exp(d.median_log + 3.5 * d.mad / 0.6745) end as upper_amount
from deviations as d
