{#- Enough for any chain of as many accounts as a person can have; what has not settled by then is no person. #}
{%- set rounds = 8 %}
with links as (

    select * from {{ ref('int_identity_links') }}

),

accounts as (

    select * from {{ ref('int_accounts') }}

),

sightings as (

    select * from {{ ref('int_identity_sightings') }}

),

{{ component_rounds(ref('int_identity_links'), 'identity_rule', 'round_', rounds) }},

labelled as (

    select part as graph, node, label from round_{{ rounds }}

),

-- A chain that has not settled after so many rounds, or a component of more accounts than a person can have, is no
-- person: its accounts stay apart.
unsettled as (

    select distinct l.graph, l.label
    from links as e
    inner join labelled as l on e.identity_rule = l.graph and e.node = l.node
    inner join labelled as n on e.identity_rule = n.graph and e.neighbour = n.node
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
