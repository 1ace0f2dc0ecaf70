{#- Schemas are named after layers (staging, intermediate, marts), the same on every target: BI tools
    and expectations name them. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
