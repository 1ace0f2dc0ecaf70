{% macro audience_rows__vip() %}
select
    l.customer_id,
    l.last_purchase_date as occasion_on,
    {{ sentence(
        '净消费 {}，金额得分 {}（满分 5）；购买 {} 次；最近一次距今 {} 天',
        [amount_zh('cast(r.monetary as decimal(18, 2))'), 'r.m_score', 'r.frequency', 'r.recency_days']
    ) }} as reason_zh,
    {{ sentence(
        'net amount {}, score {} of 5; {} purchases; last one {} days ago',
        [amount_en('cast(r.monetary as decimal(18, 2))'), 'r.m_score', 'r.frequency', 'r.recency_days']
    ) }} as reason
from {{ ref('customer_lifecycle') }} as l
inner join {{ ref('customer_rfm') }} as r on l.customer_id = r.customer_id
inner join {{ ref('customer_value_quadrant') }} as q on l.customer_id = q.customer_id
where
    l.state in ('new', 'active', 'reactivated')
    and q.quadrant = 'premium'
    and r.m_score >= {{ var('audience_vip_m_score') }}
{% endmacro %}
