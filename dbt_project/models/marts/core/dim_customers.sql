with customers as (

    select * from {{ ref('int_customers') }}

),

orders as (

    select * from {{ ref('fct_orders') }}

),

city_tiers as (

    select * from {{ ref('city_tiers') }}

),

data_range as (

    select * from {{ ref('int_data_range') }}

),

ordered as (

    select
        customer_id,
        min(ordered_at) as first_order_at,
        min(case when is_purchase then coalesce(paid_at, ordered_at) end) as first_purchase_at,
        max(case when is_purchase then coalesce(paid_at, ordered_at) end) as last_purchase_at
    from orders
    where customer_id is not null
    group by customer_id

),

aged as (

    select
        c.*,
        -- Completed years on the last day of the data.
        {{ months_between_dates('c.birth_date', 'r.last_order_date') }} / 12.0
        - case
            when extract(month from c.birth_date) = extract(month from r.last_order_date)
                and extract(day from c.birth_date) > extract(day from r.last_order_date) then 1
            else 0
        end as age
    from customers as c
    cross join data_range as r

),

final as (

    select
        cast(c.customer_id as {{ dbt.type_string() }}) as customer_id,
        cast(c.source as {{ dbt.type_string() }}) as source,
        cast(c.accounts as bigint) as accounts,
        cast(o.first_order_at as timestamp) as first_order_at,
        cast(o.first_purchase_at as timestamp) as first_purchase_at,
        cast(o.last_purchase_at as timestamp) as last_purchase_at,
        cast(c.gender as {{ dbt.type_string() }}) as gender,
        cast(c.birth_date as date) as birth_date,
        cast(
            coalesce(
                c.age_band,
                case
                    when c.age < 0 or c.age >= 120 then null
                    when c.age < 18 then 'under 18'
                    when c.age < 25 then '18-24'
                    when c.age < 35 then '25-34'
                    when c.age < 45 then '35-44'
                    when c.age < 55 then '45-54'
                    when c.age < 65 then '55-64'
                    when c.age >= 65 then '65+'
                end
            ) as {{ dbt.type_string() }}
        ) as age_band,
        cast(c.province as {{ dbt.type_string() }}) as province,
        cast(c.city as {{ dbt.type_string() }}) as city,
        cast(t.city_tier as {{ dbt.type_string() }}) as city_tier,
        cast(c.registered_at as timestamp) as registered_at,
        cast(c.referrer_id as {{ dbt.type_string() }}) as referrer_id,
        cast(c.acquisition_channel as {{ dbt.type_string() }}) as acquisition_channel
    from aged as c
    left join ordered as o on c.customer_id = o.customer_id
    left join city_tiers as t on c.city = t.city

)

select * from final
