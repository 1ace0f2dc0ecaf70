{#- Of high value is who is high in the value quadrant, by the shop's mean (or median) of the net amount. -#}
{% macro audience_rows__win_back() %}
select
    l.customer_id,
    l.state_since as occasion_on,
    {{ sentence(
        '最近一次购买 {}，距今 {} 天，超过 {} 天为流失；净消费 {}，不低于门槛 {}',
        [
            'l.last_purchase_date', 'l.days_since_last_purchase', 'l.churned_after_days',
            amount_zh('cast(q.monetary as decimal(18, 2))'), 'cast(q.amount_threshold as decimal(18, 2))',
        ]
    ) }} as reason_zh,
    {{ sentence(
        'last purchase on {}, {} days ago; churned after {} days; net amount {}, at least {}',
        [
            'l.last_purchase_date', 'l.days_since_last_purchase', 'l.churned_after_days',
            amount_en('cast(q.monetary as decimal(18, 2))'), 'cast(q.amount_threshold as decimal(18, 2))',
        ]
    ) }} as reason
from {{ ref('customer_lifecycle') }} as l
inner join {{ ref('customer_value_quadrant') }} as q on l.customer_id = q.customer_id
where l.state = 'churned' and q.amount_level = 'high'
{% endmacro %}
