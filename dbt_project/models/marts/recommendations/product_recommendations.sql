with as_of as (

    select * from {{ ref('int_as_of') }}

),

products as (

    select * from {{ ref('dim_products') }}

),

due as (

    select * from {{ ref('int_due_products') }}

),

discoveries as (

    select * from {{ ref('int_discoveries') }}

),

purchase_days as (

    select
        customer_id,
        count(distinct purchase_date) as purchase_days
    from {{ ref('int_purchases') }}
    group by customer_id

),

-- Titles are not unique names, but what people know; without one the number has to do.
named as (

    select product_id, coalesce(title, product_id) as product_name
    from products

),

buy_again as (

    select
        d.customer_id,
        d.product_id,
        'buy_again' as slate,
        1 as slate_order,
        d.place,
        cast(d.bought_days as double) / p.purchase_days as score,
        case when d.is_own_rhythm then 'own_interval' else 'product_interval' end as method,
        cast(null as {{ dbt.type_string() }}) as because_of,
        'Bought on ' || cast(d.bought_days as {{ dbt.type_string() }})
        || case when d.bought_days = 1 then ' day' else ' days' end
        || case when d.is_own_rhythm then ', about every ' else '; others buy it again after ' end
        || cast(cast(round(d.interval_days, 0) as bigint) as {{ dbt.type_string() }})
        || ' days; last ' || cast(d.days_since as {{ dbt.type_string() }}) || ' days ago' as reason,
        '在' || cast(d.bought_days as {{ dbt.type_string() }}) || '天买过，'
        || case when d.is_own_rhythm then '约每' else '其他客户约' end
        || cast(cast(round(d.interval_days, 0) as bigint) as {{ dbt.type_string() }})
        || case when d.is_own_rhythm then '天一次' else '天后复购' end
        || '，上次是' || cast(d.days_since as {{ dbt.type_string() }}) || '天前' as reason_zh
    from due as d
    inner join purchase_days as p on d.customer_id = p.customer_id

),

discover as (

    select
        d.customer_id,
        d.product_id,
        'discover' as slate,
        2 as slate_order,
        d.place,
        d.score,
        d.method,
        d.because_of,
        case
            when d.because_of is not null then 'Customers who buy ' || n.product_name || ' buy it too'
            when d.method = 'popularity'
                then 'Bought by ' || cast(cast(d.score as bigint) as {{ dbt.type_string() }}) || ' customers'
            else 'Customers with alike purchases buy it'
        end as reason,
        case
            when d.because_of is not null then '买「' || n.product_name || '」的客户也买它'
            when d.method = 'popularity' then cast(cast(d.score as bigint) as {{ dbt.type_string() }}) || '位客户买过'
            else '购买习惯相似的客户也买它'
        end as reason_zh
    from discoveries as d
    left join named as n on d.because_of = n.product_id

),

united as (

    select * from buy_again
    union all
    select * from discover

),

final as (

    select
        cast(a.as_of_date as date) as as_of_date,
        cast(u.customer_id as {{ dbt.type_string() }}) as customer_id,
        cast(
            row_number() over (partition by u.customer_id order by u.slate_order asc, u.place asc) as bigint
        ) as rank,
        cast(u.slate as {{ dbt.type_string() }}) as slate,
        cast(u.place as bigint) as slate_rank,
        cast(u.product_id as {{ dbt.type_string() }}) as product_id,
        cast(p.title as {{ dbt.type_string() }}) as title,
        cast(p.category as {{ dbt.type_string() }}) as category,
        cast(u.score as double) as score,
        cast(u.method as {{ dbt.type_string() }}) as method,
        cast(u.because_of as {{ dbt.type_string() }}) as because_of,
        cast(u.reason as {{ dbt.type_string() }}) as reason,
        cast(u.reason_zh as {{ dbt.type_string() }}) as reason_zh
    from united as u
    cross join as_of as a
    left join products as p on u.product_id = p.product_id

)

select * from final
