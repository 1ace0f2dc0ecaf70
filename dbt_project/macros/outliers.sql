{#- Whether an amount is an outlier by the bounds of its source. -#}
{% macro is_outlying_order(gross_amount, bounds) %}
coalesce(
    {{ gross_amount }} > {{ bounds }}.domain_maximum
    or (
        {{ gross_amount }} > 0
        and ({{ gross_amount }} < {{ bounds }}.lower_amount or {{ gross_amount }} > {{ bounds }}.upper_amount)
    ),
    false
)
{% endmacro %}

{% macro is_outlying_line(quantity, gross_amount, bounds) %}
coalesce(
    {{ quantity }} > {{ bounds }}.line_quantity_maximum
    or {{ gross_amount }} > {{ bounds }}.domain_maximum
    or (
        {{ gross_amount }} > 0
        and ({{ gross_amount }} < {{ bounds }}.lower_amount or {{ gross_amount }} > {{ bounds }}.upper_amount)
    ),
    false
)
{% endmacro %}
