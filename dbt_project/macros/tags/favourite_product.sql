{% macro tag_definition__favourite_product() %}
    {{ return({
        'tag_group': 'preference',
        'tag_kind': 'dynamic',
        'name_zh': '心头好单品',
        'name_en': 'Favourite product',
        'description': 'The product in most of the purchases, at least three of them',
        'rule_version': '1',
        'inputs': 'order lines',
    }) }}
{% endmacro %}

{% macro tag_rows__favourite_product() %}
with counted as (

    select
        customer_id,
        product_id,
        count(*) as purchases,
        max(purchase_date) as last_bought_on,
        row_number() over (
            partition by customer_id
            order by count(*) desc, max(purchase_date) desc, product_id asc
        ) as favourite_rank
    from {{ ref('int_purchase_products') }}
    group by customer_id, product_id

)

select
    customer_id,
    product_id as tag_value,
    'in ' || cast(purchases as {{ dbt.type_string() }}) || ' purchases, at least 3' as evidence,
    last_bought_on as since
from counted
where favourite_rank = 1 and purchases >= 3
{% endmacro %}
