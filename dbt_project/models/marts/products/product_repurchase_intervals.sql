with as_of as (

    select * from {{ ref('int_as_of') }}

),

products as (

    select * from {{ ref('dim_products') }}

),

bought as (

    select distinct customer_id, order_date, product_id as item
    from {{ ref('int_basket_products') }}
    where customer_id is not null

),
{{ repurchase_ctes() }},

final as (

    select
        cast(a.as_of_date as date) as as_of_date,
        cast(r.item as {{ dbt.type_string() }}) as product_id,
        cast(p.title as {{ dbt.type_string() }}) as title,
        cast(p.category as {{ dbt.type_string() }}) as category,
        r.customers,
        r.repeat_customers,
        r.repurchase_rate,
        r.intervals,
        r.median_interval_days,
        r.p25_interval_days,
        r.p75_interval_days
    from repurchases as r
    cross join as_of as a
    left join products as p on r.item = p.product_id

)

select * from final
