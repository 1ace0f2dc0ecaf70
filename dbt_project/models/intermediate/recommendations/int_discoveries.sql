with bought as (

    select * from {{ ref('int_customer_products') }}

),

offered as (

    select * from {{ ref('int_offered_products') }}

),

neighbours as (

    select * from {{ ref('int_product_neighbours') }}

),

found as (

    select customer_id, product_id, cast(score as double) as score, place, 'als' as method
    from {{ ref('int_alike_products') }}
    union all
    select customer_id, product_id, cast(score as double) as score, place, 'item_cosine' as method
    from {{ ref('int_discovered_products') }}

),

found_for as (

    select customer_id, count(*) as products
    from found
    group by customer_id

),

-- Whoever has free places gets what most customers buy.
customers as (

    select b.customer_id
    from bought as b
    left join found_for as f on b.customer_id = f.customer_id
    where b.own_place = 1 and coalesce(f.products, 0) < {{ var('recommendation_slots') }}

),

{{ popular_ctes() }},

filled as (

    select customer_id, product_id, score, place, method, 1 as turn
    from found
    union all
    select p.customer_id, p.product_id, cast(p.buyers as double) as score, p.place, 'popularity' as method, 2 as turn
    from popular_not_owned as p
    left join found as f on p.customer_id = f.customer_id and p.product_id = f.product_id
    where f.customer_id is null

),

ranked as (

    select
        customer_id,
        product_id,
        score,
        method,
        row_number() over (partition by customer_id order by turn asc, place asc) as place
    from filled

),

chosen as (

    select *
    from ranked
    where place <= {{ var('recommendation_slots') }}

),

-- The own product that speaks most for it; a factor may know something that no pair of products shows.
reasons as (

    select
        c.customer_id,
        c.product_id,
        b.product_id as because_of,
        row_number() over (
            partition by c.customer_id, c.product_id
            order by n.cosine desc, b.product_id asc
        ) as reason_place
    from bought as b
    inner join neighbours as n on b.product_id = n.product_id
    inner join chosen as c on b.customer_id = c.customer_id and n.neighbour_id = c.product_id
    where b.own_place <= {{ var('recommendation_own_products') }} and c.method <> 'popularity'

)

select
    c.customer_id,
    c.product_id,
    c.score,
    c.method,
    c.place,
    r.because_of
from chosen as c
left join reasons as r on c.customer_id = r.customer_id and c.product_id = r.product_id and r.reason_place = 1
