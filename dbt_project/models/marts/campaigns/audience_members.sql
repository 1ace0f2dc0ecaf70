with places as (

    select * from {{ ref('int_audience_places') }}

),

audiences as (

    select * from {{ ref('audience_definitions') }}

),

contacts as (

    select * from {{ ref('int_customer_contacts') }}

),

final as (

    select
        cast(p.as_of_date as date) as as_of_date,
        cast(p.code as {{ dbt.type_string() }}) as code,
        cast(p.customer_id as {{ dbt.type_string() }}) as customer_id,
        cast(md5(p.code || '|' || p.customer_id || '|' || cast(p.send_on as {{ dbt.type_string() }})) as {{ dbt.type_string() }})
            as message_id,
        cast(p.occasion_on as date) as occasion_on,
        cast(p.send_on as date) as send_on,
        cast(p.priority as bigint) as priority,
        cast(p.is_holdout as boolean) as is_holdout,
        cast(p.reason as {{ dbt.type_string() }}) as reason,
        cast(p.reason_zh as {{ dbt.type_string() }}) as reason_zh,
        cast(s.action as {{ dbt.type_string() }}) as suggested_action,
        cast(s.action_zh as {{ dbt.type_string() }}) as suggested_action_zh,
        cast(c.email_key as {{ dbt.type_string() }}) as email_key,
        cast(c.phone_key as {{ dbt.type_string() }}) as phone_key
    from places as p
    inner join audiences as s on p.code = s.code
    left join contacts as c on p.customer_id = c.customer_id
    where p.standing = 'listed'

)

select * from final
