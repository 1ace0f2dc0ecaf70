with as_of as (

    select * from {{ ref('int_as_of') }}

),

keywords as (

    select * from {{ ref('int_review_keywords') }}

),

products as (

    select * from {{ ref('dim_products') }}

),

final as (

    select
        cast(a.as_of_date as date) as as_of_date,
        cast(k.fitted_as_of as date) as fitted_as_of,
        cast(k.product_id as {{ dbt.type_string() }}) as product_id,
        cast(p.title as {{ dbt.type_string() }}) as title,
        cast(k.mood as {{ dbt.type_string() }}) as mood,
        cast(k.script as {{ dbt.type_string() }}) as script,
        cast(k.keyword as {{ dbt.type_string() }}) as keyword,
        cast(k.keyword_rank as bigint) as keyword_rank,
        cast(k.customers as bigint) as customers,
        cast(k.z as double) as z
    from keywords as k
    cross join as_of as a
    left join products as p on k.product_id = p.product_id

)

select * from final
