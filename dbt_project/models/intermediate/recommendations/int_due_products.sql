with bought as (

    select * from {{ ref('int_customer_products') }}

),

rhythms as (

    select * from {{ ref('product_repurchase_intervals') }}

),

offered as (

    select * from {{ ref('int_offered_products') }}

),

reference_day as (

    select as_of_date as reference_date from {{ ref('int_as_of') }}

),

{{ buy_again_ctes() }}

select
    customer_id,
    product_id,
    bought_days,
    last_bought_on,
    days_since,
    interval_days,
    is_own_rhythm,
    place
from due_again
