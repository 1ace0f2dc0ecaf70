{% macro audience_rows__back_to_school() %}
{{ season_audience('Back to school') }}
{% endmacro %}
