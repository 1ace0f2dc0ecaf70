with as_of as (

    select * from {{ ref('int_as_of') }}

),

products as (

    select * from {{ ref('dim_products') }}

),

basket_items as (

    select
        basket_number,
        product_id as item
    from {{ ref('int_basket_products') }}
    where basket_products <= {{ var('association_maximum_products') }}

),
{{ association_ctes() }},

final as (

    select
        cast(d.as_of_date as date) as as_of_date,
        cast(s.antecedent as {{ dbt.type_string() }}) as antecedent,
        cast(s.consequent as {{ dbt.type_string() }}) as consequent,
        cast(a.title as {{ dbt.type_string() }}) as antecedent_title,
        cast(c.title as {{ dbt.type_string() }}) as consequent_title,
        cast(a.category as {{ dbt.type_string() }}) as antecedent_category,
        cast(c.category as {{ dbt.type_string() }}) as consequent_category,
        s.baskets,
        s.antecedent_baskets,
        s.consequent_baskets,
        s.total_baskets,
        s.support,
        s.confidence,
        s.lift,
        s.leverage,
        cast(s.leverage_rank as bigint) as leverage_rank
    from associations as s
    cross join as_of as d
    left join products as a on s.antecedent = a.product_id
    left join products as c on s.consequent = c.product_id

)

select * from final
