with dispositions as (

    select * from {{ ref('int_row_dispositions') }}

),

kept as (
{{ kept_rows(ref('stg_olist__products'), 'dispositions', 'olist_products') }}
),

names as (

    select * from {{ ref('int_category_names') }} where source = 'olist'

),

final as (

    select
        p.file_id,
        p.row_number,
        p.source,
        p.source_product_id,
        cast(null as {{ dbt.type_string() }}) as title,
        coalesce(n.category, p.source_category) as category,
        cast(null as {{ dbt.type_string() }}) as subcategory,
        cast(null as {{ dbt.type_string() }}) as brand,
        cast(null as decimal(18, 2)) as list_price,
        cast(null as decimal(18, 2)) as unit_cost
    from kept as p
    left join names as n on p.source_category = n.source_category

)

select * from final
