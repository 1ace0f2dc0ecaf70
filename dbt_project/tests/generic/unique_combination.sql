{#- Fails on every combination of `columns` that stands more than once; two NULLs count as equal. -#}
{% test unique_combination(model, columns) %}

select
    {{ columns | join(",\n    ") }},
    count(*) as copies
from {{ model }}
group by {{ columns | join(", ") }}
having count(*) > 1

{% endtest %}
