{#- How many days ahead customer_predictions looks: the numbers in the names of its columns. -#}
{% macro prediction_horizons() %}{{ return([30, 90, 365]) }}{% endmacro %}

{#- Within how many days a customer has to buy not to count as lost in churn_risk; one of the horizons. -#}
{% macro prediction_churn_days() %}{{ return(90) }}{% endmacro %}
