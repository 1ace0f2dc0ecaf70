with events as (

    select * from {{ ref('int_events') }}

),

accounts as (

    select * from {{ ref('int_customer_accounts') }}

),

products as (

    select * from {{ ref('int_products') }}

),

-- Event numbers are the sources' own; only where two sources use the same number does the source stand before it.
shared_ids as (

    select record_id
    from events
    group by record_id
    having min(source) < max(source)

),

final as (

    select
        cast(
            case when i.record_id is not null then e.source || ':' || e.record_id else e.record_id end
            as {{ dbt.type_string() }}
        ) as event_id,
        cast(e.source as {{ dbt.type_string() }}) as source,
        cast(a.customer_id as {{ dbt.type_string() }}) as customer_id,
        cast(e.event_at as timestamp) as event_at,
        cast(e.event_type as {{ dbt.type_string() }}) as event_type,
        cast(coalesce(p.product_id, e.source_product_id) as {{ dbt.type_string() }}) as product_id,
        cast(e.session_id as {{ dbt.type_string() }}) as session_id,
        cast(e.channel as {{ dbt.type_string() }}) as channel
    from events as e
    left join shared_ids as i on e.record_id = i.record_id
    left join accounts as a on e.source = a.source and e.source_customer_id = a.source_customer_id
    left join products as p on e.source = p.source and e.source_product_id = p.source_product_id

)

select * from final
