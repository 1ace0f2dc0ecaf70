with edges as (

    select * from {{ ref('int_identity_edges') }}

),

sightings as (

    select * from {{ ref('int_identity_sightings') }}

),

nodes as (

    select * from {{ ref('int_customer_nodes') }}

),

given as (

    {% for kind in ['email', 'phone'] -%}
    select
        n.customer_id,
        '{{ kind }}' as kind,
        s.{{ kind }}_key as contact_key,
        max(s.first_seen_at) as newest_sighting
    from sightings as s
    inner join nodes as n on s.node = n.node
    -- A mailbox or phone of many people is nobody's.
    inner join edges as e on s.node = e.node and e.contact = '{{ kind }}:' || s.{{ kind }}_key and not e.is_shared
    where s.{{ kind }}_key is not null
    group by n.customer_id, s.{{ kind }}_key
    {{ "union all" if not loop.last }}
    {% endfor %}
),

ranked as (

    select
        *,
        row_number() over (
            partition by customer_id, kind
            order by newest_sighting desc nulls last, contact_key asc
        ) as newest_rank
    from given

)

select
    customer_id,
    max(case when kind = 'email' then contact_key end) as email_key,
    max(case when kind = 'phone' then contact_key end) as phone_key
from ranked
where newest_rank = 1
group by customer_id
