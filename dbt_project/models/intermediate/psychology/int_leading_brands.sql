with bought as (

    select * from {{ ref('int_purchase_products') }} where brand is not null

),

sales as (

    select
        purchase_month,
        price_group,
        brand,
        sum(net_amount) as net_amount,
        count(distinct customer_id) as buyers
    from bought
    group by purchase_month, price_group, brand

),

ranked as (

    select
        *,
        row_number() over (
            partition by purchase_month, price_group
            order by net_amount desc, buyers desc, brand asc
        ) as brand_rank,
        count(*) over (partition by purchase_month, price_group) as brands
    from sales

)

select
    purchase_month,
    price_group,
    brand,
    net_amount,
    buyers
from ranked
-- Where there is one brand only, it leads nobody.
where brand_rank = 1 and brands > 1
