with sightings as (

    select * from {{ ref('int_identity_sightings') }}

),

contacts as (

    {% for kind in ['email', 'phone', 'name_address'] -%}
    select
        node,
        has_account,
        '{{ kind }}' as kind,
        '{{ kind }}:' || {{ kind }}_key as contact
    from sightings
    where {{ kind }}_key is not null
    {{ "union" if not loop.last }}
    {% endfor %}
),

-- How many people a contact seems to stand for: the accounts and guests that gave it.
used_by as (

    select contact, count(distinct node) as people
    from contacts
    where node <> contact
    group by contact

),

-- A mailbox that guests order through shows by the many people it names.
named_by_guests as (

    select
        node as contact,
        case
            when count(distinct phone_key) > count(distinct name_address_key) then count(distinct phone_key)
            else count(distinct name_address_key)
        end as people
    from sightings
    where not has_account
    group by node

),

counted as (

    select
        contact,
        max(people) as people
    from (
        select contact, people from used_by
        union all
        select contact, people from named_by_guests
    ) as both_counts
    group by contact

),

final as (

    select
        c.node,
        c.contact,
        c.kind,
        coalesce(n.people, 0) as people,
        coalesce(n.people, 0) > {{ var('identity_people_per_contact') }} as is_shared
    from contacts as c
    left join counted as n on c.contact = n.contact

)

select * from final
