with orders as (

    select * from {{ ref('int_orders') }}

),

items as (

    select * from {{ ref('int_order_items') }}

),

rules as (

    select * from {{ ref('int_source_rules') }}

),

amounts as (

    select source, 'order' as measure, ln(cast(gross_amount as double)) as log_amount
    from orders
    where gross_amount > 0

    union all

    select source, 'line' as measure, ln(cast(gross_amount as double)) as log_amount
    from items
    where gross_amount > 0

),

medians as (

    select source, measure, median(log_amount) as median_log
    from amounts
    group by source, measure

),

deviations as (

    select a.source, a.measure, median(abs(a.log_amount - m.median_log)) as mad
    from amounts as a
    inner join medians as m on a.source = m.source and a.measure = m.measure
    group by a.source, a.measure

),

-- 0.6745 makes the median absolute deviation comparable with a standard deviation (Iglewicz and Hoaglin 1993).
-- Where half of all amounts are equal the deviation is 0 and only the domain bound speaks.
final as (

    select
        m.source,
        m.measure,
        m.median_log,
        d.mad,
        case when d.mad > 0 then exp(m.median_log - {{ var('outlier_modified_z') }} * d.mad / 0.6745) end as lower_amount,
        case when d.mad > 0 then exp(m.median_log + {{ var('outlier_modified_z') }} * d.mad / 0.6745) end as upper_amount,
        case when m.measure = 'order' then r.order_amount_maximum else r.line_amount_maximum end as domain_maximum,
        r.line_quantity_maximum
    from medians as m
    inner join deviations as d on m.source = d.source and m.measure = d.measure
    inner join rules as r on m.source = r.source

)

select * from final
