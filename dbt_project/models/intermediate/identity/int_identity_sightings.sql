with orders as (

    select * from {{ ref('int_orders') }}

),

customer_records as (

    select * from {{ ref('int_customer_records') }}

),

accounts as (

    select * from {{ ref('int_accounts') }}

),

together as (

    select
        source,
        source_customer_id,
        email_key,
        phone_key,
        name_address_key,
        ordered_at as seen_at
    from orders

    union all

    select
        source,
        source_customer_id,
        email_key,
        phone_key,
        name_address_key,
        registered_at as seen_at
    from customer_records

),

-- Who has no account is named by a contact: the best one given.
named as (

    select
        case
            when a.source_customer_id is not null then 'account:' || a.platform_customer_id
            else {{ guest_node('t') }}
        end as node,
        a.source_customer_id is not null as has_account,
        t.email_key,
        t.phone_key,
        t.name_address_key,
        t.seen_at
    from together as t
    left join accounts as a on t.source = a.source and t.source_customer_id = a.source_customer_id
    where coalesce(t.email_key, t.phone_key, t.name_address_key) is not null

),

final as (

    select
        node,
        has_account,
        email_key,
        phone_key,
        name_address_key,
        min(seen_at) as first_seen_at
    from named
    group by node, has_account, email_key, phone_key, name_address_key

)

select * from final
