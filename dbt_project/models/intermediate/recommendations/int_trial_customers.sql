with trial_window as (

    select * from {{ ref('int_trial_window') }}

),

bought_before as (

    select distinct customer_id from {{ ref('int_trial_products') }}

),

-- By the hash of the id: the same customers as in the trial of the factors (modelling/recommendations.py).
chosen as (

    select customer_id
    from bought_before
    order by md5(customer_id), customer_id
    limit {{ var('recommendation_trial_customers') }}

),

-- Whoever bought nothing at all tells no recommendation from another.
came_back as (

    select distinct b.customer_id
    from {{ ref('int_basket_products') }} as b
    inner join trial_window as w on b.order_date >= w.split_date and b.order_date < w.until_date

)

select c.customer_id
from chosen as c
inner join came_back as b on c.customer_id = b.customer_id
