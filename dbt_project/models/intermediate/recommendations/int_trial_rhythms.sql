with trial_window as (

    select * from {{ ref('int_trial_window') }}

),

bought as (

    select distinct
        b.customer_id,
        b.order_date,
        b.product_id as item
    from {{ ref('int_basket_products') }} as b
    inner join trial_window as w on b.order_date < w.split_date
    where b.customer_id is not null

),
{{ repurchase_ctes() }}

select
    item as product_id,
    repurchase_rate,
    intervals,
    median_interval_days
from repurchases
