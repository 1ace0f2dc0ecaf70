with items as (

    select * from {{ ref('int_purchase_items') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

products as (

    select * from {{ ref('dim_products') }}

),

bands as (

    select
        price_band,
        lower_price,
        upper_price,
        target_share,
        row_number() over (order by lower_price) as position
    from {{ ref('price_bands_definition') }}

),

-- What has no price stands in a row of its own, so that the shares add up to 1.
listed as (

    select
        price_band as band,
        lower_price,
        upper_price,
        target_share,
        position
    from bands
    union all
    select
        '(unpriced)' as band,
        cast(null as decimal(18, 2)) as lower_price,
        cast(null as decimal(18, 2)) as upper_price,
        cast(null as double) as target_share,
        count(*) + 1 as position
    from bands

),

-- A price of a few decimals belongs to the band of its cents, as the shop shows it.
priced as (

    select
        i.*,
        coalesce(b.price_band, '(unpriced)') as band
    from items as i
    left join bands as b
        on
            cast(i.unit_price as decimal(18, 2)) >= b.lower_price
            and (cast(i.unit_price as decimal(18, 2)) < b.upper_price or b.upper_price is null)

),

sold as (

    select
        band,
        sum(pieces) as items,
        sum(case when not has_line and band <> '(unpriced)' then pieces else 0 end) as estimated_items,
        count(distinct order_id) as orders,
        count(distinct customer_id) as customers,
        sum(revenue) as net_revenue
    from priced
    group by band

),

total as (

    select
        sum(pieces) as items,
        count(distinct order_id) as orders,
        count(distinct customer_id) as customers,
        sum(revenue) as net_revenue
    from items

),

offered as (

    select
        coalesce(price_band, '(unpriced)') as band,
        count(*) as products
    from products
    group by coalesce(price_band, '(unpriced)')

),

final as (

    select
        cast(a.as_of_date as date) as as_of_date,
        cast(l.band as {{ dbt.type_string() }}) as band,
        cast(l.position as bigint) as position,
        cast(l.lower_price as decimal(18, 2)) as lower_price,
        cast(l.upper_price as decimal(18, 2)) as upper_price,
        cast(coalesce(o.products, 0) as bigint) as products,
        cast(coalesce(s.items, 0) as bigint) as items,
        cast(coalesce(s.estimated_items, 0) as bigint) as estimated_items,
        cast(cast(coalesce(s.items, 0) as double) / nullif(cast(t.items as double), 0) as double) as item_share,
        cast(coalesce(s.orders, 0) as bigint) as orders,
        cast(cast(coalesce(s.orders, 0) as double) / nullif(t.orders, 0) as double) as order_share,
        cast(coalesce(s.customers, 0) as bigint) as customers,
        cast(cast(coalesce(s.customers, 0) as double) / nullif(t.customers, 0) as double) as customer_share,
        cast(coalesce(s.net_revenue, 0) as decimal(18, 2)) as net_revenue,
        cast(
            cast(coalesce(s.net_revenue, 0) as double) / nullif(cast(t.net_revenue as double), 0) as double
        ) as revenue_share,
        cast(l.target_share as double) as target_share,
        cast(
            cast(coalesce(s.net_revenue, 0) as double) / nullif(cast(t.net_revenue as double), 0) - l.target_share as double
        ) as gap_to_target
    from listed as l
    -- Without any order there is no date, and nothing was sold in any band.
    inner join as_of as a on a.as_of_date is not null
    cross join total as t
    left join sold as s on l.band = s.band
    left join offered as o on l.band = o.band

)

select * from final
