{#- The tags that are a file of their own: every macro called tag_rows__<code>, in alphabetical order. Whoever drops a file
    into macros/tags adds a tag; nothing lists them. -#}
{% macro sql_tag_codes() %}
    {%- set codes = [] -%}
    {%- for name in context.keys() if name.startswith('tag_rows__') -%}
        {%- do codes.append(name | replace('tag_rows__', '', 1)) -%}
    {%- endfor -%}
    {{ return(codes | sort) }}
{% endmacro %}
