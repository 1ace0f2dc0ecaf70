with orders as (

    select * from {{ ref('int_orders') }}

),

dispositions as (

    select * from {{ ref('int_row_dispositions') }}

),

demographics as (
{{ kept_rows(ref('stg_complete_journey__demographics'), 'dispositions', 'complete_journey_demographics') }}
),

mapped as (
{{ kept_rows(ref('stg_mapped__customers'), 'dispositions', 'mapped_customers') }}
),

described as (

    select
        source,
        source_customer_id,
        cast(null as {{ dbt.type_string() }}) as gender,
        cast(null as date) as birth_date,
        age_band,
        cast(null as {{ dbt.type_string() }}) as province,
        cast(null as {{ dbt.type_string() }}) as city,
        cast(null as timestamp) as registered_at,
        cast(null as {{ dbt.type_string() }}) as source_referrer_id,
        cast(null as {{ dbt.type_string() }}) as acquisition_channel
    from demographics

    union all

    select
        source,
        source_customer_id,
        case
            when lower(gender) in ('f', 'female', 'woman', '女') then 'female'
            when lower(gender) in ('m', 'male', 'man', '男') then 'male'
        end as gender,
        birth_date,
        cast(null as {{ dbt.type_string() }}) as age_band,
        province,
        city,
        registered_at,
        source_referrer_id,
        acquisition_channel
    from mapped

),

-- Where a customer lives is where the latest order went that says so.
addressed as (

    select
        source,
        source_customer_id,
        province,
        city,
        row_number() over (
            partition by source, source_customer_id
            order by ordered_at desc, order_id desc
        ) as latest_rank
    from orders
    where source_customer_id is not null and province is not null

),

seen as (

    select source, source_customer_id from orders where source_customer_id is not null
    union
    select source, source_customer_id from described

),

shared_ids as (

    select source_customer_id
    from seen
    group by source_customer_id
    having count(*) > 1

),

final as (

    select
        case
            when i.source_customer_id is not null then s.source || ':' || s.source_customer_id
            else s.source_customer_id
        end as customer_id,
        s.source,
        s.source_customer_id,
        d.gender,
        d.birth_date,
        d.age_band,
        coalesce(d.province, a.province) as province,
        coalesce(d.city, a.city) as city,
        d.registered_at,
        d.source_referrer_id,
        d.acquisition_channel
    from seen as s
    left join described as d on s.source = d.source and s.source_customer_id = d.source_customer_id
    left join addressed as a
        on s.source = a.source and s.source_customer_id = a.source_customer_id and a.latest_rank = 1
    left join shared_ids as i on s.source_customer_id = i.source_customer_id

)

select * from final
