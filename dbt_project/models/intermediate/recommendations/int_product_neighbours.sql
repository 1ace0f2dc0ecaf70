with own_products as (

    select * from {{ ref('int_customer_products') }}

),

{{ neighbours_ctes() }}

select
    product_id,
    neighbour_id,
    cosine,
    place
from neighbours
