with orders as (

    select * from {{ ref('int_orders') }}

),

order_customers as (

    select * from {{ ref('int_order_customers') }}

),

accounts as (

    select * from {{ ref('int_customer_accounts') }}

),

customer_records as (

    select * from {{ ref('int_customer_records') }}

),

referrals as (

    select * from {{ ref('int_referrals') }}

),

-- What is known of a person's accounts is known of the person; the first account that says a thing is believed.
ranked_accounts as (

    select
        source,
        source_customer_id,
        customer_id,
        row_number() over (
            partition by customer_id
            order by first_seen_at asc nulls last, source asc, source_customer_id asc
        ) as account_rank
    from accounts

),

described as (

    select
        a.customer_id,
        {% for column in ['gender', 'birth_date', 'age_band', 'province', 'city', 'acquisition_channel'] -%}
        min_by(r.{{ column }}, a.account_rank) filter (where r.{{ column }} is not null) as {{ column }},
        {% endfor -%}
        min(r.registered_at) as registered_at
    from customer_records as r
    inner join ranked_accounts as a on r.source = a.source and r.source_customer_id = a.source_customer_id
    group by a.customer_id

),

-- Who brought a customer: the customer file says it, else the list of referrals. Nobody brings themselves.
referred as (

    select
        source,
        source_customer_id,
        source_referrer_id,
        1 as trust
    from customer_records
    where source_referrer_id is not null

    union all

    select
        source,
        source_customer_id,
        source_referrer_id,
        2 as trust
    from referrals

),

-- Where a customer lives is where the latest order went that says so.
addressed as (

    select
        c.customer_id,
        o.province,
        o.city,
        row_number() over (
            partition by c.customer_id
            order by o.ordered_at desc, o.order_id desc
        ) as latest_rank
    from orders as o
    inner join order_customers as c on o.order_id = c.order_id
    where c.customer_id is not null and o.province is not null

),

appearances as (

    select customer_id, source, first_seen_at, 1 as accounts
    from accounts
    where is_customer

    union all

    select
        c.customer_id,
        o.source,
        min(o.ordered_at) as first_seen_at,
        0 as accounts
    from orders as o
    inner join order_customers as c on o.order_id = c.order_id
    where o.source_customer_id is null and c.customer_id is not null
    group by c.customer_id, o.source

),

seen as (

    select
        customer_id,
        min_by(source, coalesce(cast(first_seen_at as {{ dbt.type_string() }}), '9999') || ' ' || source) as source,
        sum(accounts) as accounts
    from appearances
    group by customer_id

),

brought as (

    select
        a.customer_id,
        b.customer_id as referrer_id,
        row_number() over (
            partition by a.customer_id
            order by r.trust asc, a.first_seen_at asc nulls last, a.source asc, a.source_customer_id asc
        ) as referrer_rank
    from referred as r
    inner join accounts as a on r.source = a.source and r.source_customer_id = a.source_customer_id
    inner join accounts as b on r.source = b.source and r.source_referrer_id = b.source_customer_id
    -- Who is known from lists alone is nobody yet whom the shop could thank.
    inner join seen as k on b.customer_id = k.customer_id
    where a.customer_id <> b.customer_id

),

final as (

    select
        s.customer_id,
        s.source,
        s.accounts,
        d.gender,
        d.birth_date,
        d.age_band,
        coalesce(d.province, a.province) as province,
        coalesce(d.city, a.city) as city,
        d.registered_at,
        b.referrer_id,
        d.acquisition_channel
    from seen as s
    left join described as d on s.customer_id = d.customer_id
    left join brought as b on s.customer_id = b.customer_id and b.referrer_rank = 1
    left join addressed as a on s.customer_id = a.customer_id and a.latest_rank = 1

)

select * from final
