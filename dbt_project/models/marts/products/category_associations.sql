with as_of as (

    select * from {{ ref('int_as_of') }}

),

basket_items as (

    select distinct
        basket_number,
        category as item
    from {{ ref('int_basket_products') }}
    where basket_products <= {{ var('association_maximum_products') }} and category is not null

),
{{ association_ctes() }},

final as (

    select
        cast(d.as_of_date as date) as as_of_date,
        cast(s.antecedent as {{ dbt.type_string() }}) as antecedent,
        cast(s.consequent as {{ dbt.type_string() }}) as consequent,
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

)

select * from final
