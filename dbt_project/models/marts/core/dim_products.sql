{#- What is touched is found by what stood before. -#}
{%- if not execute %}{% do ref('int_touched_customers') %}{% endif -%}
with products as (

    select * from {{ ref('int_products') }}

),

bands as (

    select * from {{ ref('price_bands_definition') }}

),

final as (

    select
        cast(p.product_id as {{ dbt.type_string() }}) as product_id,
        cast(p.source as {{ dbt.type_string() }}) as source,
        cast(p.title as {{ dbt.type_string() }}) as title,
        cast(p.category as {{ dbt.type_string() }}) as category,
        cast(p.subcategory as {{ dbt.type_string() }}) as subcategory,
        cast(p.brand as {{ dbt.type_string() }}) as brand,
        cast(p.list_price as decimal(18, 2)) as list_price,
        cast(p.unit_cost as decimal(18, 2)) as unit_cost,
        cast(b.price_band as {{ dbt.type_string() }}) as price_band,
        cast(p.is_in_catalogue as boolean) as is_in_catalogue
    from products as p
    left join bands as b
        on p.list_price >= b.lower_price and (p.list_price < b.upper_price or b.upper_price is null)

)

select * from final
