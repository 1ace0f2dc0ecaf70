{#- What a tag file may read. It is named here, so that dbt builds all of it before and a new file needs no change. -#}
{%- set readable = [
    ref('int_as_of'), ref('int_purchases'), ref('int_purchase_products'), ref('int_purchase_traits'),
    ref('int_customer_features'), ref('int_customer_states'), ref('int_customer_psychology'), ref('int_customer_attitudes'),
    ref('fct_orders'), ref('fct_order_items'), ref('fct_refunds'), ref('fct_reviews'), ref('fct_events'),
    ref('dim_customers'), ref('dim_products'), ref('review_aspects'),
] -%}
{%- set codes = sql_tag_codes() -%}
with as_of as (

    select * from {{ ref('int_as_of') }}

),

{% for code in codes -%}
tag_{{ code }} as (
{{ context['tag_rows__' ~ code]() }}
),

{% endfor -%}
united as (

    {% for code in codes -%}
    select
        '{{ code }}' as tag_code,
        cast(customer_id as {{ dbt.type_string() }}) as customer_id,
        cast(tag_value as {{ dbt.type_string() }}) as tag_value,
        cast(evidence as {{ dbt.type_string() }}) as evidence,
        cast(since as date) as since
    from tag_{{ code }}

    union all

    {% endfor -%}
    select
        cast(null as {{ dbt.type_string() }}) as tag_code,
        cast(null as {{ dbt.type_string() }}) as customer_id,
        cast(null as {{ dbt.type_string() }}) as tag_value,
        cast(null as {{ dbt.type_string() }}) as evidence,
        cast(null as date) as since
    from as_of
    where 1 = 0

)

select
    a.as_of_date,
    u.customer_id,
    u.tag_code,
    u.tag_value,
    u.evidence,
    u.since
from united as u
cross join as_of as a
