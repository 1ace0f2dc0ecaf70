{#-
  From a CTE `basket_items` (one row per basket_number and item): `frequent`, the items of at least `minimum` baskets with a
  number, and `both_ways`, the ordered pairs of them that stand together in as many. Frequent items are found first and
  numbered, so that the join of baskets with themselves sees few rows and short keys; each pair is counted once and then turned
  round.
-#}
{% macro pair_ctes(minimum) %}
frequent as (

    select
        item,
        count(*) as baskets,
        {{ join_key('item') }} as item_number
    from basket_items
    group by item
    having count(*) >= {{ minimum }}

),

numbered as (

    select b.basket_number, f.item_number
    from basket_items as b
    inner join frequent as f on b.item = f.item

),

pairs as (

    select
        a.item_number as first_number,
        b.item_number as second_number,
        count(*) as baskets
    from numbered as a
    inner join numbered as b on a.basket_number = b.basket_number and a.item_number < b.item_number
    group by a.item_number, b.item_number
    having count(*) >= {{ minimum }}

),

both_ways as (

    select first_number as antecedent_number, second_number as consequent_number, baskets
    from pairs
    union all
    select second_number as antecedent_number, first_number as consequent_number, baskets
    from pairs

)
{%- endmacro %}

{#-
  The CTEs of an association table, from a CTE `basket_items` (one row per basket_number and item): `associations` has one
  row per ordered pair of items that stand together in enough baskets.
-#}
{% macro association_ctes() %}
total as (

    select count(distinct basket_number) as baskets from basket_items

),

{{ pair_ctes(var('association_minimum_baskets')) }},

-- Whole numbers up to the last division: a pair has the same figures both ways, and ties are ties.
counted as (

    select
        a.item as antecedent,
        c.item as consequent,
        p.baskets,
        a.baskets as antecedent_baskets,
        c.baskets as consequent_baskets,
        t.baskets as total_baskets,
        cast(p.baskets as bigint) * t.baskets - cast(a.baskets as bigint) * c.baskets as excess
    from both_ways as p
    inner join frequent as a on p.antecedent_number = a.item_number
    inner join frequent as c on p.consequent_number = c.item_number
    cross join total as t
    where p.baskets >= {{ var('association_minimum_support') }} * t.baskets

),

associations as (

    select
        antecedent,
        consequent,
        cast(baskets as bigint) as baskets,
        cast(antecedent_baskets as bigint) as antecedent_baskets,
        cast(consequent_baskets as bigint) as consequent_baskets,
        cast(total_baskets as bigint) as total_baskets,
        cast(baskets as double) / total_baskets as support,
        cast(baskets as double) / antecedent_baskets as confidence,
        cast(cast(baskets as bigint) * total_baskets as double) / (cast(antecedent_baskets as bigint) * consequent_baskets)
            as lift,
        cast(excess as double) / (cast(total_baskets as bigint) * total_baskets) as leverage,
        row_number() over (order by excess desc, baskets desc, antecedent asc, consequent asc) as leverage_rank
    from counted

)
{%- endmacro %}
