{% macro audience_rows__double_11() %}
{{ season_audience('Double 11') }}
{% endmacro %}
