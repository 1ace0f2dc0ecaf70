{#-
  The features that a tag rule may use: name, kind (number or text), and which day of the customer the value rests on.
  A new feature is a column of int_customer_features and a line here.
-#}
{% macro customer_features() %}
    {{ return([
        ('gender', 'text', 'known_since'),
        ('age_band', 'text', 'known_since'),
        ('province', 'text', 'known_since'),
        ('city_tier', 'text', 'known_since'),
        ('acquisition_channel', 'text', 'known_since'),
        ('tenure_days', 'number', 'known_since'),
        ('purchases', 'number', 'changed_on'),
        ('median_interval_days', 'number', 'changed_on'),
        ('items_per_order', 'number', 'changed_on'),
        ('weekend_share', 'number', 'changed_on'),
        ('night_share', 'number', 'changed_on'),
        ('morning_share', 'number', 'changed_on'),
        ('afternoon_share', 'number', 'changed_on'),
        ('evening_share', 'number', 'changed_on'),
        ('unpaid_share', 'number', 'changed_on'),
        ('monetary', 'number', 'changed_on'),
        ('average_order_value', 'number', 'changed_on'),
        ('m_score', 'number', 'changed_on'),
        ('discount_share', 'number', 'changed_on'),
        ('refund_share', 'number', 'changed_on'),
        ('value_class', 'text', 'changed_on'),
        ('quadrant', 'text', 'changed_on'),
        ('top_category', 'text', 'changed_on'),
        ('top_category_share', 'number', 'changed_on'),
        ('category_count', 'number', 'changed_on'),
        ('top_brand', 'text', 'changed_on'),
        ('top_brand_share', 'number', 'changed_on'),
        ('state', 'text', 'state_since'),
        ('previous_state', 'text', 'state_since'),
        ('cycle_state', 'text', 'changed_on'),
        ('segment', 'text', 'changed_on'),
        ('recency_days', 'number', 'changed_on'),
    ]) }}
{% endmacro %}
