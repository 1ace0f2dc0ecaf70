with baskets as (

    select * from {{ ref('int_basket_products') }} where customer_id is not null

),

trial_window as (

    select * from {{ ref('int_trial_window') }}

),

days as (

    select distinct
        customer_id,
        product_id,
        order_date
    from baskets

),

-- What was known before the trial comes from the same pass over the days.
bought as (

    select
        d.customer_id,
        d.product_id,
        count(*) as bought_days,
        min(d.order_date) as first_bought_on,
        max(d.order_date) as last_bought_on,
        sum(case when d.order_date < w.split_date then 1 else 0 end) as trial_bought_days,
        max(case when d.order_date < w.split_date then d.order_date end) as trial_last_bought_on
    from days as d
    cross join trial_window as w
    group by d.customer_id, d.product_id

),

{{ own_products_cte() }}

select
    customer_id,
    product_id,
    bought_days,
    first_bought_on,
    last_bought_on,
    trial_bought_days,
    trial_last_bought_on,
    own_place
from own_products
