{{ config(materialized='incremental', incremental_strategy='replace_scope', unique_key='customer_id', on_schema_change='fail',
          meta={'scope': 'int_touched_buyers'}) }}
with purchases as (

    select * from {{ ref('int_purchases') }}
    where {{ in_scope('customer_id', 'int_touched_buyers') }}

),

orders as (

    select * from {{ ref('fct_orders') }}
    where {{ in_scope('customer_id', 'int_touched_buyers') }}

),

items as (

    select * from {{ ref('fct_order_items') }}

),

products as (

    select * from {{ ref('dim_products') }}

),

words as (

    select * from {{ ref('psychology_words') }}

),

-- A day's orders may be one purchase; each of them brings its lines.
purchase_orders as (

    select
        p.customer_id,
        p.order_id,
        p.purchase_number,
        p.purchase_date,
        o.order_id as part_order_id
    from orders as o
    inner join purchases as p
        on {{ is_part_of_purchase('o', 'p') }}
    where o.is_purchase

),

said as (

    select
        p.product_id,
        max(case when w.says = 'gift' then 1 else 0 end) as is_gift,
        max(case when w.says = 'official' then 1 else 0 end) as is_official,
        max(case when w.says = 'premium' then 1 else 0 end) as is_premium
    from products as p
    inner join words as w on {{ dbt.position('w.word', 'lower(p.title)') }} > 0
    group by p.product_id

),

bought as (

    select
        o.order_id,
        i.product_id,
        min(o.customer_id) as customer_id,
        min(o.purchase_number) as purchase_number,
        min(o.purchase_date) as purchase_date,
        max(i.unit_price) as unit_price,
        sum(i.net_amount) as net_amount
    from purchase_orders as o
    inner join items as i on o.part_order_id = i.order_id
    where i.product_id is not null and i.quantity > 0
    group by o.order_id, i.product_id

),

final as (

    select
        b.order_id,
        b.product_id,
        b.customer_id,
        b.purchase_number,
        b.purchase_date,
        cast({{ dbt.date_trunc('month', 'b.purchase_date') }} as date) as purchase_month,
        -- Prices are compared within the narrowest group the catalogue knows; without one, within the shop.
        coalesce(p.subcategory, p.category, '') as price_group,
        p.category,
        p.brand,
        case when b.unit_price > 0 then b.unit_price end as unit_price,
        b.net_amount,
        case when p.title is not null then 1 else 0 end as is_titled,
        coalesce(s.is_gift, 0) as is_gift,
        coalesce(s.is_official, 0) as is_official,
        coalesce(s.is_premium, 0) as is_premium,
        min(b.purchase_number) over (partition by b.customer_id, b.product_id) as first_bought_with,
        min(case when p.category is not null then b.purchase_number end)
            over (partition by b.customer_id, p.category) as category_first_bought_with
    from bought as b
    left join products as p on b.product_id = p.product_id
    left join said as s on b.product_id = s.product_id

)

select * from final
