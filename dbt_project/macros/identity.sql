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
    Nodes of several graphs (`graph`) are kept apart.

    edges: CTE with graph, node, neighbour, each edge in both directions. Gives the CTEs `<prefix>0` … `<prefix><rounds>`
    with graph, node, label; whether they have settled is for the caller to see. -#}
{% macro component_rounds(edges, prefix, rounds) %}
{{ prefix }}0 as (

    select graph, node, node as label
    from {{ edges }}
    group by graph, node

){% for round in range(1, rounds + 1) %},

{{ prefix }}{{ round }}_far as (

    select l.graph, l.node, l.label, p.label as far_label
    from {{ prefix }}{{ round - 1 }} as l
    inner join {{ prefix }}{{ round - 1 }} as p on l.graph = p.graph and l.label = p.node

),

{{ prefix }}{{ round }}_offers as (

    select e.graph, e.node, u.label as node_label, n.far_label
    from {{ edges }} as e
    inner join {{ prefix }}{{ round }}_far as u on e.graph = u.graph and e.node = u.node
    inner join {{ prefix }}{{ round }}_far as n on e.graph = n.graph and e.neighbour = n.node

),

{{ prefix }}{{ round }} as (

    select graph, node, min(far_label) as label
    from (
        select graph, node, far_label from {{ prefix }}{{ round }}_far
        union all
        select graph, node, far_label from {{ prefix }}{{ round }}_offers
        union all
        select graph, node_label as node, far_label from {{ prefix }}{{ round }}_offers
    ) as offered
    group by graph, node

){% endfor %}
{% endmacro %}

{#- The customer id that a person's node stands for. -#}
{% macro customer_id_of(node) %}
    case
        when {{ node }} like 'account:%' then substring({{ node }}, 9)
        else 'guest-' || substring(split_part({{ node }}, ':', 2), 1, 16)
    end
{% endmacro %}
