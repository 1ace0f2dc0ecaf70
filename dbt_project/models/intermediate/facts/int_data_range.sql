with orders as (

    select * from {{ ref('int_orders') }}

)

select
    min(order_date) as first_order_date,
    max(order_date) as last_order_date
from orders
