{% macro audience_rows__anniversary() %}
{{ season_audience('Shop anniversary') }}
{% endmacro %}
