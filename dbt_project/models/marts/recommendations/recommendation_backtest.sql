with as_of as (

    select * from {{ ref('int_as_of') }}

),

trial_window as (

    select * from {{ ref('int_trial_window') }}

),

customers as (

    select * from {{ ref('int_trial_customers') }}

),

recommended as (

    select * from {{ ref('int_trial_recommendations') }}

),

owned as (

    select * from {{ ref('int_trial_products') }}

),

shown as (

    select * from {{ ref('product_recommendations') }}

),

bought_then as (

    select distinct
        b.customer_id,
        b.product_id
    from {{ ref('int_basket_products') }} as b
    inner join trial_window as w on b.order_date >= w.split_date and b.order_date < w.until_date
    inner join customers as c on b.customer_id = c.customer_id

),

-- A slate is right about what it is for: something owned that is bought again, something that was never bought before.
wanted as (

    select
        b.customer_id,
        b.product_id,
        case when o.customer_id is null then 'discover' else 'buy_again' end as slate
    from bought_then as b
    left join owned as o on b.customer_id = o.customer_id and b.product_id = o.product_id

),

judged as (

    select
        r.slate,
        r.method,
        r.customer_id,
        count(*) as recommendations,
        count(w.customer_id) as hits
    from recommended as r
    left join wanted as w
        on
            r.customer_id = w.customer_id
            and r.product_id = w.product_id
            and r.slate = w.slate
    group by r.slate, r.method, r.customer_id

),

by_method as (

    select
        slate,
        method,
        count(*) as customers_served,
        sum(case when hits > 0 then 1 else 0 end) as customers_hit,
        sum(recommendations) as recommendations,
        sum(hits) as hits
    from judged
    group by slate, method

),

trial_customers as (

    select count(*) as customers from customers

),

baselines as (

    select slate, customers_hit
    from by_method
    where method = 'popularity'

),

used as (

    select distinct
        slate,
        case when slate = 'buy_again' then 'due' else method end as method
    from shown

),

final as (

    select
        cast(a.as_of_date as date) as as_of_date,
        cast(m.slate as {{ dbt.type_string() }}) as slate,
        cast(m.method as {{ dbt.type_string() }}) as method,
        cast(u.method is not null as boolean) as is_used,
        cast(w.split_date as date) as trained_before,
        cast(w.until_date as date) as tested_before,
        cast(t.customers as bigint) as customers,
        cast(m.customers_served as bigint) as customers_served,
        cast(m.recommendations as bigint) as recommendations,
        cast(m.hits as bigint) as hits,
        cast(m.customers_hit as double) / t.customers as hit_rate,
        cast(coalesce(b.customers_hit, 0) as double) / t.customers as baseline_hit_rate,
        cast(m.hits as double) / m.recommendations as hits_per_recommendation
    from by_method as m
    cross join trial_customers as t
    cross join trial_window as w
    cross join as_of as a
    left join baselines as b on m.slate = b.slate
    left join used as u on m.slate = u.slate and m.method = u.method

)

select * from final
