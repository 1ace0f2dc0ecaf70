with bought as (

    select * from {{ ref('int_customer_products') }}

),

own_products as (

    select * from bought

),

neighbours as (

    select * from {{ ref('int_product_neighbours') }}

),

offered as (

    select * from {{ ref('int_offered_products') }}

),

alike as (

    select distinct customer_id from {{ ref('int_alike_products') }}

),

-- Those for whom the factors found nothing: all customers without the extra, new ones with it.
customers as (

    select b.customer_id
    from bought as b
    left join alike as a on b.customer_id = a.customer_id
    where b.own_place = 1 and a.customer_id is null

),

{{ discover_ctes() }}

select
    customer_id,
    product_id,
    score,
    place
from discovered
