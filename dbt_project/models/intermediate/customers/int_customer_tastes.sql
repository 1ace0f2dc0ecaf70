{{ config(materialized='incremental', incremental_strategy='replace_scope', unique_key='customer_id', on_schema_change='fail',
          meta={'scope': 'int_touched_buyers'}) }}
with orders as (

    select o.*
    from {{ ref('fct_orders') }} as o
    inner join {{ ref('int_as_of') }} as a on o.order_date <= a.as_of_date
    where o.customer_id is not null and {{ in_scope('o.customer_id', 'int_touched_buyers') }}

),

items as (

    select * from {{ ref('fct_order_items') }}

),

products as (

    select * from {{ ref('dim_products') }}

),

-- What each customer bought of each product, and how much of it on the last day.
last_days as (

    select customer_id, max(order_date) as last_purchase_date
    from orders
    where is_purchase
    group by customer_id

),

bought as (

    select
        o.customer_id,
        i.product_id,
        count(*) as order_lines,
        sum(i.net_amount) as net_amount,
        sum(case when o.order_date = d.last_purchase_date then i.net_amount end) as last_day_amount
    from orders as o
    inner join last_days as d on o.customer_id = d.customer_id
    inner join items as i on o.order_id = i.order_id
    where o.is_purchase
    group by o.customer_id, i.product_id

),

described as (

    select
        b.customer_id,
        b.order_lines,
        b.net_amount,
        b.last_day_amount,
        p.category,
        p.subcategory,
        p.brand,
        p.price_band
    from bought as b
    inner join products as p on b.product_id = p.product_id

),

by_category as (

    select
        customer_id,
        category,
        sum(net_amount) as net_amount,
        row_number() over (partition by customer_id order by sum(net_amount) desc, category asc) as category_rank,
        -- The category of the last purchase day with the most money.
        row_number() over (
            partition by customer_id
            order by sum(last_day_amount) desc nulls last, category asc
        ) as last_rank
    from described
    where category is not null
    group by customer_id, category

),

by_subcategory as (

    select
        customer_id,
        subcategory,
        row_number() over (partition by customer_id order by sum(net_amount) desc, subcategory asc) as subcategory_rank
    from described
    where subcategory is not null
    group by customer_id, subcategory

),

by_brand as (

    select
        customer_id,
        brand,
        sum(net_amount) as net_amount,
        row_number() over (partition by customer_id order by sum(net_amount) desc, brand asc) as brand_rank
    from described
    where brand is not null
    group by customer_id, brand

),

bands as (

    select
        customer_id,
        price_band,
        row_number() over (
            partition by customer_id
            order by sum(order_lines) desc, sum(net_amount) desc, price_band asc
        ) as band_rank
    from described
    where price_band is not null
    group by customer_id, price_band

),

categories as (

    select
        customer_id,
        count(*) as category_count,
        max(case when category_rank = 1 then category end) as top_category,
        max(case when category_rank = 2 then category end) as second_category,
        cast(max(case when category_rank = 1 then net_amount end) as double) / nullif(sum(net_amount), 0) as top_category_share
    from by_category
    group by customer_id

),

brands as (

    select
        customer_id,
        max(case when brand_rank = 1 then brand end) as top_brand,
        max(case when brand_rank = 1 then net_amount end) / nullif(sum(net_amount), 0) as top_brand_share
    from by_brand
    group by customer_id

),

-- Counted in days: a basket of ten things for the kitchen is one decision for it.
category_days as (

    select
        o.customer_id,
        p.category,
        row_number() over (
            partition by o.customer_id
            order by count(distinct o.order_date) desc, max(o.order_date) desc, p.category asc
        ) as day_rank
    from orders as o
    inner join items as i on o.order_id = i.order_id
    inner join products as p on i.product_id = p.product_id
    where o.is_purchase and p.category is not null
    group by o.customer_id, p.category

),

buyers as (

    select distinct customer_id from bought

),

final as (

    select
        d.customer_id,
        c.category_count,
        c.top_category,
        c.second_category,
        c.top_category_share,
        l.category as last_category,
        t.category as most_bought_category,
        b.top_brand,
        b.top_brand_share,
        s.subcategory as top_subcategory,
        n.price_band as top_price_band
    from buyers as d
    left join categories as c on d.customer_id = c.customer_id
    left join by_category as l on d.customer_id = l.customer_id and l.last_rank = 1
    left join category_days as t on d.customer_id = t.customer_id and t.day_rank = 1
    left join brands as b on d.customer_id = b.customer_id
    left join by_subcategory as s on d.customer_id = s.customer_id and s.subcategory_rank = 1
    left join bands as n on d.customer_id = n.customer_id and n.band_rank = 1

)

select * from final
