with bought as (

    select * from {{ ref('int_customer_products') }}

),

offered as (

    select * from {{ ref('int_offered_products') }}

),

versions as (

    select * from {{ ref('int_model_versions') }} where model = 'recommendations'

),

customers as (

    select c.*
    from {{ ref('stg_modelling__recommendation_customers') }} as c
    inner join versions as v on c.fitted_as_of = v.fitted_as_of

),

products as (

    select p.*
    from {{ ref('stg_modelling__recommendation_products') }} as p
    inner join versions as v on p.fitted_as_of = v.fitted_as_of

),

candidates as (

    select
        c.customer_id,
        p.product_id,
        n.score,
        n.place
    from {{ ref('stg_modelling__recommendation_candidates') }} as n
    inner join versions as v on n.fitted_as_of = v.fitted_as_of
    inner join customers as c on n.customer_number = c.customer_number
    inner join products as p on n.product_number = p.product_number

),

-- What was bought since the month began is owned by now.
not_owned as (

    select n.*
    from candidates as n
    inner join offered as f on n.product_id = f.product_id
    left join bought as b on n.customer_id = b.customer_id and n.product_id = b.product_id
    where b.customer_id is null

),

ranked as (

    select
        customer_id,
        product_id,
        score,
        row_number() over (partition by customer_id order by place) as place
    from not_owned

)

select
    customer_id,
    product_id,
    score,
    place
from ranked
where place <= {{ var('recommendation_slots') }}
