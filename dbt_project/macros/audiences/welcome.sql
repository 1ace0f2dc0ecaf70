{% macro audience_rows__welcome() %}
select
    l.customer_id,
    l.first_purchase_date as occasion_on,
    {{ sentence(
        '首次购买于 {}，净消费 {}，距今 {} 天；{} 天内为新客',
        ['l.first_purchase_date', amount_zh('cast(r.monetary as decimal(18, 2))'), 'l.days_since_last_purchase', 'l.silent_after_days']
    ) }} as reason_zh,
    {{ sentence(
        'first purchase on {} of {}, {} days ago; new until {} days',
        ['l.first_purchase_date', amount_en('cast(r.monetary as decimal(18, 2))'), 'l.days_since_last_purchase', 'l.silent_after_days']
    ) }} as reason
from {{ ref('customer_lifecycle') }} as l
left join {{ ref('customer_rfm') }} as r on l.customer_id = r.customer_id
where l.state = 'new'
{% endmacro %}
