with rfm as (

    select * from {{ ref('int_identity_rfm') }}

),

identity_merges as (

    select * from {{ ref('int_identity_merges') }}

),

merged as (

    select * from rfm where identity_rule <> 'strict' and accounts > 1

),

-- What each of a person's accounts would be if it stood alone.
parts as (

    select
        m.identity_rule,
        m.person_node,
        s.customer_id,
        s.segment,
        s.frequency,
        s.monetary,
        row_number() over (
            partition by m.identity_rule, m.person_node
            order by s.monetary desc, s.customer_id asc
        ) as part_rank
    from identity_merges as m
    inner join rfm as s on m.node = s.person_node and s.identity_rule = 'strict'

),

final as (

    select
        cast(p.as_of_date as date) as as_of_date,
        cast(p.identity_rule as {{ dbt.type_string() }}) as identity_rule,
        cast(p.customer_id as {{ dbt.type_string() }}) as customer_id,
        cast(p.accounts as bigint) as accounts,
        cast(p.segment as {{ dbt.type_string() }}) as segment,
        cast(a.customer_id as {{ dbt.type_string() }}) as largest_account,
        cast(a.segment as {{ dbt.type_string() }}) as segment_alone,
        cast(p.frequency as bigint) as purchases,
        cast(coalesce(a.frequency, 0) as bigint) as purchases_alone,
        cast(p.monetary as decimal(18, 2)) as net_amount,
        cast(coalesce(a.monetary, 0) as decimal(18, 2)) as net_amount_alone
    from merged as p
    left join parts as a
        on p.identity_rule = a.identity_rule and p.person_node = a.person_node and a.part_rank = 1
    where a.segment is null or a.segment <> p.segment

)

select * from final
