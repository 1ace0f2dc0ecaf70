with items as (

    select * from {{ ref('int_purchase_items') }} where product_id is not null

),

bought as (

    select
        order_id,
        product_id,
        max(customer_id) as customer_id,
        max(order_date) as order_date,
        max(category) as category
    from items
    group by order_id, product_id

),

baskets as (

    select
        order_id,
        count(*) as basket_products,
        {{ join_key('order_id') }} as basket_number
    from bought
    group by order_id

),

final as (

    select
        n.basket_number,
        n.basket_products,
        b.order_id,
        b.customer_id,
        b.order_date,
        b.product_id,
        b.category
    from bought as b
    inner join baskets as n on b.order_id = n.order_id

)

select * from final
