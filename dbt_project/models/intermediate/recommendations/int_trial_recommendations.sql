with trial_window as (

    select * from {{ ref('int_trial_window') }}

),

customers as (

    select * from {{ ref('int_trial_customers') }}

),

all_bought as (

    select * from {{ ref('int_trial_products') }}

),

bought as (

    select * from all_bought

),

own_products as (

    select * from all_bought

),

rhythms as (

    select * from {{ ref('int_trial_rhythms') }}

),

offered as (

    select b.product_id
    from all_bought as b
    cross join trial_window as w
    where b.last_bought_on >= {{ add_days('w.split_date', '-' ~ var('recommendation_sold_within_days')) }}
    group by b.product_id

),

reference_day as (

    select split_date as reference_date from trial_window

),

{{ neighbours_ctes() }},

{{ discover_ctes() }},

{{ popular_ctes() }},

{{ buy_again_ctes() }},

factors as (

    select
        c.customer_id,
        p.product_id,
        t.place
    from {{ ref('stg_modelling__recommendation_trials') }} as t
    inner join {{ ref('int_model_versions') }} as v on t.fitted_as_of = v.fitted_as_of and v.model = 'recommendations'
    inner join {{ ref('stg_modelling__recommendation_customers') }} as c
        on t.fitted_as_of = c.fitted_as_of and t.customer_number = c.customer_number
    inner join {{ ref('stg_modelling__recommendation_products') }} as p
        on t.fitted_as_of = p.fitted_as_of and t.product_number = p.product_number

),

recommended as (

    select customer_id, product_id, place, 'buy_again' as slate, 'due' as method
    from due_again
    union all
    select customer_id, product_id, own_place as place, 'buy_again' as slate, 'most_bought' as method
    from own_products
    where own_place <= {{ var('recommendation_slots') }}
    union all
    select c.customer_id, p.product_id, p.place, 'buy_again' as slate, 'popularity' as method
    from customers as c
    cross join popular_products as p
    where p.place <= {{ var('recommendation_slots') }}
    union all
    select customer_id, product_id, place, 'discover' as slate, 'als' as method
    from factors
    union all
    select customer_id, product_id, place, 'discover' as slate, 'item_cosine' as method
    from discovered
    union all
    select customer_id, product_id, place, 'discover' as slate, 'popularity' as method
    from popular_not_owned

)

select
    r.customer_id,
    r.product_id,
    r.place,
    r.slate,
    r.method
from recommended as r
inner join customers as c on r.customer_id = c.customer_id
