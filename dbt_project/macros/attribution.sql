{#- Where a touch stands in the chain of touches: its channel, or the campaign itself where nobody says through which
    channel it came. -#}
{% macro attribution_state(channel, campaign_id) %}
coalesce({{ channel }}, 'campaign ' || {{ campaign_id }})
{% endmacro %}
