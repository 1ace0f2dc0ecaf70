{{ config(materialized='view') }}

with orders as (

    select * from {{ ref('int_orders') }}

),

accounts as (

    select * from {{ ref('int_customer_accounts') }}

),

identity_merges as (

    select node, person_node
    from {{ ref('int_identity_merges') }}
    where identity_rule = '{{ identity_rule() }}'

),

-- A contact that stands for many people names no one.
shared as (

    select distinct contact from {{ ref('int_identity_edges') }} where is_shared

),

guests as (

    select
        o.order_id,
        {{ guest_node('o') }} as node
    from orders as o
    where o.source_customer_id is null and coalesce(o.email_key, o.phone_key, o.name_address_key) is not null

),

guest_customers as (

    select
        g.order_id,
        g.node,
        case
            {%- for rule, kinds in joining_rules().items() if rule == identity_rule() %}
            when s.contact is not null then null
            when split_part(g.node, ':', 1) in ('{{ kinds | join("', '") }}')
                then {{ customer_id_of('coalesce(m.person_node, g.node)') }}
            {%- else %}
            when true then null
            {%- endfor %}
        end as customer_id
    from guests as g
    left join shared as s on g.node = s.contact
    left join identity_merges as m on g.node = m.node

),

final as (

    select
        o.order_id,
        case when o.source_customer_id is not null then 'account:' || a.platform_customer_id else g.node end as node,
        coalesce(a.customer_id, g.customer_id) as customer_id
    from orders as o
    left join accounts as a on o.source = a.source and o.source_customer_id = a.source_customer_id
    left join guest_customers as g on o.order_id = g.order_id

)

select * from final
where node is not null
