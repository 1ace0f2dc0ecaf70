{% macro tag_definition__complains_about() %}
    {{ return({
        'tag_group': 'attitude',
        'tag_kind': 'dynamic',
        'name_zh': '抱怨点',
        'name_en': 'Complains about',
        'description': 'What displeased reviews of the customer speak of',
        'rule_version': '1',
        'inputs': 'reviews with text',
    }) }}
{% endmacro %}

{% macro tag_rows__complains_about() %}
{{ spoken_of('displeased', 'r.sentiment < 0') }}
{% endmacro %}
