{#-
  The steps of the recommendations, as CTEs: once for the as-of date, once for the days before the trial, so that what
  recommendation_backtest judges is what product_recommendations shows.
-#}

{#- From a CTE `bought`: `own_products`, each customer's products with their place, the most-bought first. -#}
{% macro own_products_cte() %}
own_products as (

    select
        *,
        row_number() over (
            partition by customer_id
            order by bought_days desc, last_bought_on desc, product_id asc
        ) as own_place
    from bought

)
{%- endmacro %}

{#-
  From a CTE `own_products`: `neighbours`, one row per product and place with a product that the same customers buy. Cosine of
  the sets of their buyers, shrunk where few are common: a customer is a basket of what the customer buys most.
-#}
{% macro neighbours_ctes() %}
basket_items as (

    select
        product_id as item,
        {{ join_key('customer_id') }} as basket_number
    from own_products
    where own_place <= {{ var('recommendation_products_per_customer') }}

),

{{ pair_ctes(var('recommendation_minimum_common')) }},

-- Six decimals are exact, whatever order the engine adds them in.
neighbour_scores as (

    select
        p.item as product_id,
        n.item as neighbour_id,
        {{ half_up(
            's.baskets / sqrt(cast(p.baskets as double) * n.baskets) * s.baskets / (s.baskets + '
            ~ var('recommendation_shrinkage') ~ ')', 9, 6
        ) }} as cosine
    from both_ways as s
    inner join frequent as p on s.antecedent_number = p.item_number
    inner join frequent as n on s.consequent_number = n.item_number

),

ranked_neighbours as (

    select
        product_id,
        neighbour_id,
        cosine,
        row_number() over (partition by product_id order by cosine desc, neighbour_id asc) as place
    from neighbour_scores

),

neighbours as (

    select product_id, neighbour_id, cosine, place
    from ranked_neighbours
    where place <= {{ var('recommendation_neighbours') }}

)
{%- endmacro %}

{#-
  From CTEs `bought`, `own_products` and `neighbours`: `discovered`, one row per customer and place with a product that the
  customer does not own and that is a neighbour of what the customer buys most. Of `customers` only, and of `offered` only.
-#}
{% macro discover_ctes() %}
neighbours_of_own as (

    select
        o.customer_id,
        n.neighbour_id as product_id,
        sum(n.cosine) as score
    from own_products as o
    inner join customers as c on o.customer_id = c.customer_id
    inner join neighbours as n on o.product_id = n.product_id
    inner join offered as f on n.neighbour_id = f.product_id
    where o.own_place <= {{ var('recommendation_own_products') }}
    group by o.customer_id, n.neighbour_id

),

not_owned as (

    select n.*
    from neighbours_of_own as n
    left join bought as b on n.customer_id = b.customer_id and n.product_id = b.product_id
    where b.customer_id is null

),

ranked_discoveries as (

    select
        *,
        row_number() over (partition by customer_id order by score desc, product_id asc) as place
    from not_owned

),

discovered as (

    select customer_id, product_id, score, place
    from ranked_discoveries
    where place <= {{ var('recommendation_slots') }}

)
{%- endmacro %}

{#-
  From CTEs `bought` and `offered`: `popular_products`, the products of most buyers with their place; and `popular_not_owned`,
  for each of `customers` the first of them that the customer does not own. Whoever owns all of twenty times the slots gets none.
-#}
{% macro popular_ctes() %}
buyers_of_products as (

    select product_id, count(*) as buyers
    from bought
    group by product_id

),

popular_products as (

    select
        b.product_id,
        b.buyers,
        row_number() over (order by b.buyers desc, b.product_id asc) as place
    from buyers_of_products as b
    inner join offered as f on b.product_id = f.product_id

),

popular_candidates as (

    select
        c.customer_id,
        p.product_id,
        p.buyers,
        row_number() over (partition by c.customer_id order by p.place) as place
    from customers as c
    cross join popular_products as p
    left join bought as b on c.customer_id = b.customer_id and p.product_id = b.product_id
    where p.place <= 20 * {{ var('recommendation_slots') }} and b.customer_id is null

),

popular_not_owned as (

    select customer_id, product_id, buyers, place
    from popular_candidates
    where place <= {{ var('recommendation_slots') }}

)
{%- endmacro %}

{#-
  From CTEs `bought`, `offered`, `rhythms` (product_id, median_interval_days, intervals, repurchase_rate) and `reference_day` (one row,
  `reference_day`): `due_again`, one row per customer and place with a product that the customer has to buy again about now.
-#}
{% macro buy_again_ctes() %}
rhythms_of_customers as (

    select
        b.customer_id,
        b.product_id,
        b.bought_days,
        b.last_bought_on,
        {{ days_between('b.last_bought_on', 't.reference_date') }} as days_since,
        case
            when b.bought_days >= {{ var('recommendation_own_rhythm_days') }}
                then {{ days_between('b.first_bought_on', 'b.last_bought_on') }} / cast(b.bought_days - 1 as double)
            when r.intervals >= {{ var('recommendation_product_intervals') }}
                and r.repurchase_rate >= {{ var('recommendation_product_repurchase_rate') }}
                then r.median_interval_days
        end as interval_days,
        b.bought_days >= {{ var('recommendation_own_rhythm_days') }} as is_own_rhythm
    from bought as b
    inner join offered as f on b.product_id = f.product_id
    cross join reference_day as t
    left join rhythms as r on b.product_id = r.product_id

),

due_products as (

    select *
    from rhythms_of_customers
    where
        days_since + {{ var('recommendation_due_within_days') }} >= interval_days
        and days_since <= {{ var('recommendation_overdue_ratio') }} * interval_days

),

ranked_due as (

    select
        *,
        row_number() over (
            partition by customer_id
            order by bought_days desc, last_bought_on desc, product_id asc
        ) as place
    from due_products

),

due_again as (

    select *
    from ranked_due
    where place <= {{ var('recommendation_slots') }}

)
{%- endmacro %}
