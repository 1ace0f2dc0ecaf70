{% macro audience_rows__spring_festival() %}
{{ season_audience('Spring Festival') }}
{% endmacro %}
