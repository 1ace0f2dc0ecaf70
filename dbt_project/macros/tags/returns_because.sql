{% macro tag_definition__returns_because() %}
    {{ return({
        'tag_group': 'attitude',
        'tag_kind': 'dynamic',
        'name_zh': '退货原因',
        'name_en': 'Returns because',
        'description': 'Why the customer wanted money back',
        'rule_version': '1',
        'inputs': 'refunds with reasons',
    }) }}
{% endmacro %}

{% macro tag_rows__returns_because() %}
select
    o.customer_id,
    r.reason_code as tag_value,
    'reason of ' || cast(count(*) as {{ dbt.type_string() }})
    || case when count(*) = 1 then ' refund' else ' refunds' end as evidence,
    cast(max(r.refunded_at) as date) as since
from {{ ref('fct_refunds') }} as r
inner join {{ ref('fct_orders') }} as o on r.order_id = o.order_id
inner join {{ ref('int_as_of') }} as a on cast(r.refunded_at as date) <= a.as_of_date
where o.customer_id is not null and r.reason_code is not null and r.reason_code <> 'other'
group by o.customer_id, r.reason_code
{% endmacro %}
