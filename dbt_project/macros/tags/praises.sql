{% macro tag_definition__praises() %}
    {{ return({
        'tag_group': 'attitude',
        'tag_kind': 'dynamic',
        'name_zh': '称赞点',
        'name_en': 'Praises',
        'description': 'What pleased reviews of the customer speak of',
        'rule_version': '1',
        'inputs': 'reviews with text',
    }) }}
{% endmacro %}

{% macro tag_rows__praises() %}
{{ spoken_of('pleased', 'r.sentiment > 0') }}
{% endmacro %}
