with bought as (

    select
        customer_id,
        product_id,
        trial_bought_days as bought_days,
        first_bought_on,
        trial_last_bought_on as last_bought_on
    from {{ ref('int_customer_products') }}
    where trial_bought_days > 0

),

{{ own_products_cte() }}

select
    customer_id,
    product_id,
    bought_days,
    first_bought_on,
    last_bought_on,
    own_place
from own_products
