{{ config(materialized='view') }}

with accounts as (

    select * from {{ ref('int_accounts') }}

),

identity_merges as (

    select node, person_node
    from {{ ref('int_identity_merges') }}
    where identity_rule = '{{ identity_rule() }}'

),

final as (

    select
        a.source,
        a.source_customer_id,
        case when m.node is not null then {{ customer_id_of('m.person_node') }} else a.platform_customer_id end as customer_id,
        a.platform_customer_id,
        a.first_seen_at,
        a.is_customer
    from accounts as a
    left join identity_merges as m on m.node = 'account:' || a.platform_customer_id

)

select * from final
