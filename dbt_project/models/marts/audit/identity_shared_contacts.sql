with edges as (

    select * from {{ ref('int_identity_edges') }}

),

identity_merges as (

    select * from {{ ref('int_identity_merges') }}

),

accounts_of_contact as (

    select
        kind,
        contact,
        max(people) as people
    from edges
    where is_shared
    group by kind, contact

),

apart as (

    select
        identity_rule,
        node,
        accounts
    from identity_merges
    where is_too_large and node not like 'account:%'

),

final as (

    select
        cast('many people' as {{ dbt.type_string() }}) as reason,
        cast('every' as {{ dbt.type_string() }}) as identity_rule,
        cast(kind as {{ dbt.type_string() }}) as kind,
        cast(contact as {{ dbt.type_string() }}) as contact,
        cast(people as bigint) as people
    from accounts_of_contact

    union all

    select
        cast('chain of contacts' as {{ dbt.type_string() }}) as reason,
        cast(identity_rule as {{ dbt.type_string() }}) as identity_rule,
        cast(split_part(node, ':', 1) as {{ dbt.type_string() }}) as kind,
        cast(node as {{ dbt.type_string() }}) as contact,
        cast(accounts as bigint) as people
    from apart

)

select * from final
