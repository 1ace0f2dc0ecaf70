{#- The rule that the shop has chosen: what makes two accounts one person. -#}
{% macro identity_rule() %}{{ return(env_var('IDENTITY_RULE', 'standard')) }}{% endmacro %}

{#- The rules that join accounts, and the kinds of contact that each believes. `strict` joins none. -#}
{% macro joining_rules() %}
    {{ return({
        'standard': ['email', 'phone'],
        'loose': ['email', 'phone', 'name_address'],
    }) }}
{% endmacro %}

{#- What names a buyer without an account; NULL for one who left nothing: an unknown buyer is nobody's customer. -#}
{% macro guest_node(relation) %}
    case
        when {{ relation }}.email_key is not null then 'email:' || {{ relation }}.email_key
        when {{ relation }}.phone_key is not null then 'phone:' || {{ relation }}.phone_key
        when {{ relation }}.name_address_key is not null then 'name_address:' || {{ relation }}.name_address_key
    end
{% endmacro %}

{#- Connected components by sets (FastSV: Zhang, Azad, Hu 2020). Every node has a label, itself at first. In a round
    each edge offers the label of the neighbour's label to the node and to the node's label, and every node takes the
    smallest it is offered; a chain of 40 nodes settles in seven rounds at most, one of 1,000 in twelve (labels in random order).
    Nodes of several graphs are kept apart.

    edges: a relation with a column that names the graph, node and neighbour, each edge in both directions. Gives CTEs, the
    last of which is `<prefix><rounds>` with part (the graph), node, label; whether they have settled is for the caller
    to see. -#}
{% macro component_rounds(edges, graph, prefix, rounds) %}
{{ return(adapter.dispatch('component_rounds')(edges, graph, prefix, rounds)) }}
{% endmacro %}

{% macro default__component_rounds(edges, graph, prefix, rounds) %}
{{ prefix }}0 as (

    {{ component_start(edges, graph) }}

){% for round in range(1, rounds + 1) %},

{{ prefix }}{{ round }} as (

    {{ component_round(edges, graph, prefix ~ (round - 1)) }}

){% endfor %}
{% endmacro %}

{#- A CTE that is read twice is planned twice there, and eight rounds are 3^8 plans: each round is a table that the next one
    reads. The last of them stays until the next night. -#}
{% macro spark__component_rounds(edges, graph, prefix, rounds) %}
    {%- set labels = [spark__put_aside(prefix ~ 0, component_start(edges, graph))] -%}
    {%- for round in range(1, rounds + 1) -%}
        {%- do labels.append(spark__put_aside(prefix ~ round, component_round(edges, graph, labels | last))) -%}
        {%- if execute and flags.WHICH in ['build', 'run'] %}{% do adapter.drop_relation(labels[round - 1]) %}{% endif -%}
    {%- endfor %}
{{ prefix }}{{ rounds }} as (

    select * from {{ labels | last }}

)
{% endmacro %}

{% macro component_start(edges, graph) %}
    select {{ graph }} as part, node, node as label
    from {{ edges }}
    group by {{ graph }}, node
{% endmacro %}

{% macro component_round(edges, graph, labels) %}
    with far as (

        select l.part, l.node, l.label, p.label as far_label
        from {{ labels }} as l
        inner join {{ labels }} as p on l.part = p.part and l.label = p.node

    ),

    offers as (

        select e.{{ graph }} as part, e.node, u.label as node_label, n.far_label
        from {{ edges }} as e
        inner join far as u on e.{{ graph }} = u.part and e.node = u.node
        inner join far as n on e.{{ graph }} = n.part and e.neighbour = n.node

    ),

    offered as (

        select part, node, far_label from far
        union all
        select part, node, far_label from offers
        union all
        select part, node_label as node, far_label from offers

    )

    select part, node, min(far_label) as label
    from offered
    group by part, node
{% endmacro %}

{#- The customer id that a person's node stands for. -#}
{% macro customer_id_of(node) %}
    case
        when {{ node }} like 'account:%' then substring({{ node }}, 9)
        else 'guest-' || substring(split_part({{ node }}, ':', 2), 1, 16)
    end
{% endmacro %}
