{#- How many days ahead customer_predictions looks: the numbers in the names of its columns. -#}
{% macro prediction_horizons() %}{{ return([30, 90, 365]) }}{% endmacro %}

{#- Within how many days a customer has to buy not to count as lost in churn_risk; one of the horizons. -#}
{% macro prediction_churn_days() %}{{ return(90) }}{% endmacro %}

{#- 1 - (1 + y)^-k. Near zero one minus a number just below one has few digits left, and those that engines' exp and ln disagree
    about: four terms of the series are exact there to 15 digits. -#}
{% macro one_minus_power(y, k) %}
case
    when {{ k }} * {{ y }} < 0.001
        then
            {{ k }} * {{ y }} * (
                1 - ({{ k }} + 1) / 2 * {{ y }} * (1 - ({{ k }} + 2) / 3 * {{ y }} * (1 - ({{ k }} + 3) / 4 * {{ y }}))
            )
    else 1 - exp(-{{ k }} * ln(1 + {{ y }}))
end
{%- endmacro %}
