with unified as (

    {% for landed in landed_formats('products') -%}
    select
        '{{ landed.format }}' as format,
        file_id,
        row_number,
        source,
        source_product_id,
        title,
        category,
        subcategory,
        brand,
        list_price,
        unit_cost
    from {{ ref('int_product_records__' ~ landed.format) }}
    {{ "union all" if not loop.last }}
    {% endfor %}
)

select * from unified
