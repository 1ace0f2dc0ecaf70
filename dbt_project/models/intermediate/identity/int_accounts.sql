with orders as (

    select * from {{ ref('int_orders') }}

),

customer_records as (

    select * from {{ ref('int_customer_records') }}

),

seen as (

    select
        source,
        source_customer_id,
        cast(null as {{ dbt.type_string() }}) as person_id,
        ordered_at as seen_at
    from orders
    where source_customer_id is not null

    union all

    select
        source,
        source_customer_id,
        person_id,
        registered_at as seen_at
    from customer_records

),

accounts as (

    select
        source,
        source_customer_id,
        max(person_id) as person_id,
        min(seen_at) as first_seen_at
    from seen
    group by source, source_customer_id

),

-- The platform's own id of the person, where it has one beside the account's.
named as (

    select
        *,
        coalesce(person_id, source_customer_id) as platform_person_id
    from accounts

),

-- Ids are the sources' own; only where two sources use the same one does the source stand before it.
shared_ids as (

    select platform_person_id
    from named
    group by platform_person_id
    having min(source) < max(source)

),

final as (

    select
        n.source,
        n.source_customer_id,
        n.person_id,
        n.first_seen_at,
        case
            when s.platform_person_id is not null then n.source || ':' || n.platform_person_id
            else n.platform_person_id
        end as platform_customer_id
    from named as n
    left join shared_ids as s on n.platform_person_id = s.platform_person_id

)

select * from final
