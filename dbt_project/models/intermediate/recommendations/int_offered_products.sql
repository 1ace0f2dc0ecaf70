with as_of as (

    select * from {{ ref('int_as_of') }}

),

baskets as (

    select * from {{ ref('int_basket_products') }}

)

select
    b.product_id,
    max(b.order_date) as last_sold_on
from baskets as b
inner join as_of as a on b.order_date > {{ add_days('a.as_of_date', '-' ~ var('recommendation_sold_within_days')) }}
group by b.product_id
