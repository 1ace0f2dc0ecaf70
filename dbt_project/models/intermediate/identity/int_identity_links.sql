with edges as (

    select * from {{ ref('int_identity_edges') }}

),

sightings as (

    select * from {{ ref('int_identity_sightings') }}

),

shared as (

    select distinct contact from edges where is_shared

),

-- A guest named by a shared contact is nobody in particular and joins nothing.
usable as (

    select e.*
    from edges as e
    left join shared as s on e.node = s.contact
    where not e.is_shared and e.node <> e.contact and s.contact is null

),

ruled as (

    {% for rule, kinds in joining_rules().items() -%}
    select
        '{{ rule }}' as graph,
        node,
        contact
    from usable
    where
        kind in ('{{ kinds | join("', '") }}')
        {%- if 'name_address' not in kinds %}
        and node not like 'name_address:%'
        {%- endif %}
    {{ "union all" if not loop.last }}
    {% endfor %}
),

guests as (

    select distinct node from sightings where not has_account

),

-- A contact that one account alone has given joins nobody.
joining as (

    select r.graph, r.contact
    from ruled as r
    left join guests as g on r.contact = g.node
    group by r.graph, r.contact
    having
        count(distinct r.node) > 1
        or count(g.node) > 0
        or max(case when r.node not like 'account:%' then 1 else 0 end) = 1

),

final as (

    select r.graph as identity_rule, r.node, r.contact as neighbour
    from ruled as r
    inner join joining as j on r.graph = j.graph and r.contact = j.contact

    union all

    select r.graph as identity_rule, r.contact as node, r.node as neighbour
    from ruled as r
    inner join joining as j on r.graph = j.graph and r.contact = j.contact

)

select * from final
