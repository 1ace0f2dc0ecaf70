with orders as (

    select * from {{ ref('int_orders') }}

),

described as (

    select * from {{ ref('int_customer_records') }}

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
