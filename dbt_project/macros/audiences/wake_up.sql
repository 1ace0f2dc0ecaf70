{% macro audience_rows__wake_up() %}
select
    l.customer_id,
    l.state_since as occasion_on,
    {{ sentence(
        '最近一次购买 {}，距今 {} 天，超过 {} 天为沉睡，{} 天后流失；共购买 {} 次',
        ['l.last_purchase_date', 'l.days_since_last_purchase', 'l.sleeping_after_days', 'l.churned_after_days', 'l.purchases']
    ) }} as reason_zh,
    {{ sentence(
        'last purchase on {}, {} days ago; sleeping after {} days, churned after {}; {} purchases',
        ['l.last_purchase_date', 'l.days_since_last_purchase', 'l.sleeping_after_days', 'l.churned_after_days', 'l.purchases']
    ) }} as reason
from {{ ref('customer_lifecycle') }} as l
where l.state = 'sleeping'
{% endmacro %}
