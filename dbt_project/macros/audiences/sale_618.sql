{% macro audience_rows__sale_618() %}
{{ season_audience('618') }}
{% endmacro %}
