{#- Enough for any chain of as many accounts as a person can have; what has not settled by then is no person. #}
{%- set rounds = 8 %}
with edges as (

    select * from {{ ref('int_identity_edges') }}

),

accounts as (

    select * from {{ ref('int_accounts') }}

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

both_ways as (

    select r.graph, r.node, r.contact as neighbour
    from ruled as r
    inner join joining as j on r.graph = j.graph and r.contact = j.contact

    union all

    select r.graph, r.contact as node, r.node as neighbour
    from ruled as r
    inner join joining as j on r.graph = j.graph and r.contact = j.contact

),

{{ component_rounds('both_ways', 'round_', rounds) }},

labelled as (

    select graph, node, label from round_{{ rounds }}

),

-- A chain that has not settled after so many rounds, or a component of more accounts than a person can have, is no
-- person: its accounts stay apart.
unsettled as (

    select distinct l.graph, l.label
    from both_ways as e
    inner join labelled as l on e.graph = l.graph and e.node = l.node
    inner join labelled as n on e.graph = n.graph and e.neighbour = n.node
    where l.label <> n.label

),

sized as (

    select
        l.graph,
        l.label,
        sum(case when l.node like 'account:%' then 1 else 0 end) as accounts,
        max(case when u.label is not null then 1 else 0 end) = 1 as is_unsettled
    from labelled as l
    left join unsettled as u on l.graph = u.graph and l.label = u.label
    group by l.graph, l.label

),

first_seen as (

    select 'account:' || platform_customer_id as node, min(first_seen_at) as first_seen_at
    from accounts
    group by platform_customer_id

    union all

    select node, min(first_seen_at) as first_seen_at
    from sightings
    where not has_account
    group by node

),

-- The person is called by the account that came first, or by the best contact where there is no account.
ranked as (

    select
        l.graph,
        l.label,
        l.node,
        z.accounts,
        z.is_unsettled or z.accounts > {{ var('identity_accounts_per_person') }} as is_too_large,
        first_value(l.node) over (
            partition by l.graph, l.label
            order by
                case
                    when l.node like 'account:%' then 1
                    when l.node like 'email:%' then 2
                    when l.node like 'phone:%' then 3
                    else 4
                end asc,
                f.first_seen_at asc nulls last,
                l.node asc
        ) as first_node
    from labelled as l
    inner join sized as z on l.graph = z.graph and l.label = z.label
    left join first_seen as f on l.node = f.node

),

final as (

    select
        graph as identity_rule,
        node,
        accounts,
        is_too_large,
        case when is_too_large then node else first_node end as person_node
    from ranked

)

select * from final
