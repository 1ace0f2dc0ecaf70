with dispositions as (

    select * from {{ ref('int_row_dispositions') }}

),

kept as (
{{ kept_rows(ref('stg_mapped__products'), 'dispositions', 'mapped_products') }}
),

final as (

    select
        file_id,
        row_number,
        source,
        source_product_id,
        title,
        category,
        subcategory,
        brand,
        cast(list_price as decimal(18, 2)) as list_price,
        cast(unit_cost as decimal(18, 2)) as unit_cost
    from kept

)

select * from final
