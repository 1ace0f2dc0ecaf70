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
        ordered_at as seen_at,
        true as is_customer
    from orders
    where source_customer_id is not null

    union all

    select
        source,
        source_customer_id,
        person_id,
        registered_at as seen_at,
        true as is_customer
    from customer_records
    {%- for relation, column in [
        ('int_events', 'source_customer_id'),
        ('int_reviews', 'source_customer_id'),
        ('int_campaign_members', 'source_customer_id'),
        ('int_coupon_redemptions', 'source_customer_id'),
        ('int_points_entries', 'source_customer_id'),
        ('int_referral_records', 'source_customer_id'),
        ('int_referral_records', 'source_referrer_id'),
    ] %}

    union all

    -- Whoever only looked, or was only written to, has an account and is no customer yet.
    select
        source,
        {{ column }} as source_customer_id,
        cast(null as {{ dbt.type_string() }}) as person_id,
        cast(null as timestamp) as seen_at,
        false as is_customer
    from {{ ref(relation) }}
    where {{ column }} is not null
    group by source, {{ column }}
    {%- endfor %}

),

accounts as (

    select
        source,
        source_customer_id,
        max(person_id) as person_id,
        min(seen_at) as first_seen_at,
        max(case when is_customer then 1 else 0 end) = 1 as is_customer
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
        n.is_customer,
        case
            when s.platform_person_id is not null then n.source || ':' || n.platform_person_id
            else n.platform_person_id
        end as platform_customer_id
    from named as n
    left join shared_ids as s on n.platform_person_id = s.platform_person_id

)

select * from final
