{#- The nudge comes half-way to the silent boundary, when half of the days have passed in which half of this shop's buyers
    come back. -#}
{% macro audience_rows__second_purchase() %}
select
    l.customer_id,
    {{ add_days('l.first_purchase_date', 'ceil(l.silent_after_days / 2.0)') }} as occasion_on,
    {{ sentence(
        '只买过一次（{}），距今 {} 天，{} 天后转为沉默',
        ['l.first_purchase_date', 'l.days_since_last_purchase', 'l.silent_after_days']
    ) }} as reason_zh,
    {{ sentence(
        'one purchase, on {}, {} days ago; silent after {} days',
        ['l.first_purchase_date', 'l.days_since_last_purchase', 'l.silent_after_days']
    ) }} as reason
from {{ ref('customer_lifecycle') }} as l
where l.state = 'new' and l.purchases = 1
{% endmacro %}
