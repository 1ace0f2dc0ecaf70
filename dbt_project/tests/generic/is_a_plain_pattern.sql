{#- Fails on patterns that the engines would read differently, or that would match everywhere: a backslash, a quote, a bracket,
    a sign of repetition, an empty alternative, capitals (texts are compared in small letters). -#}
{% test is_a_plain_pattern(model) %}

select language, pattern
from {{ model }}
where
    {{ dbt.position('chr(92)', 'pattern') }} > 0 or
    {%- for sign in ['"', '(', ')', '[', ']', '{', '}', '*', '+', '?', '^', '$'] %}
    {{ dbt.position("'" ~ sign ~ "'", 'pattern') }} > 0 or
    {%- endfor %}
    '|' || pattern || '|' like '%||%'
    or '|' || pattern || '|' like '%| %'
    or '|' || pattern || '|' like '% |%'
    or pattern <> lower(pattern)

{% endtest %}
