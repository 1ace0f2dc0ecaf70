{%- set attributes = ['age_band', 'gender', 'region', 'province', 'city_tier', 'channel'] %}
with purchases as (

    select * from {{ ref('int_customer_purchases') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

customers as (

    select * from {{ ref('dim_customers') }}

),

regions as (

    select * from {{ ref('province_regions') }}

),

-- A month is 30 days. Whoever came less than a month ago counts with a whole one, or a single day would be extrapolated.
buyers as (

    select
        p.customer_id,
        p.purchases,
        p.net_amount,
        greatest({{ days_between('p.first_purchase_date', 'a.as_of_date') }} + 1, 30) as observed_days,
        c.age_band,
        c.gender,
        r.region,
        c.province,
        c.city_tier,
        c.acquisition_channel as channel
    from purchases as p
    cross join as_of as a
    left join customers as c on p.customer_id = c.customer_id
    left join regions as r on c.province = r.province

),

total as (

    select count(*) as customers, sum(net_amount) as net_amount
    from buyers

),

composed as (

    {% for attribute in attributes -%}
    select
        '{{ attribute }}' as attribute,
        coalesce({{ attribute }}, '(unknown)') as attribute_value,
        count(*) as customers,
        sum(purchases) as purchases,
        sum(net_amount) as net_amount,
        sum(observed_days) as observed_days
    from buyers
    group by coalesce({{ attribute }}, '(unknown)')
    {{ "union all" if not loop.last }}
    {% endfor %}
),

final as (

    select
        cast(a.as_of_date as date) as as_of_date,
        cast(c.attribute as {{ dbt.type_string() }}) as attribute,
        cast(c.attribute_value as {{ dbt.type_string() }}) as value,
        cast(c.customers as bigint) as customers,
        cast(c.customers as double) / t.customers as customer_share,
        cast(c.net_amount as decimal(18, 2)) as net_revenue,
        cast(cast(c.net_amount as double) / nullif(cast(t.net_amount as double), 0) as double) as revenue_share,
        cast(c.purchases as bigint) as orders,
        {{ half_up('cast(c.net_amount as double) / c.purchases', 18, 2) }} as average_order_value,
        cast(cast(c.observed_days as double) / 30 as double) as customer_months,
        {{ half_up('cast(c.net_amount as double) * 30 / c.observed_days', 18, 2) }} as monthly_spend_per_customer
    from composed as c
    cross join total as t
    cross join as_of as a

)

select * from final
