{{ config(materialized='incremental', incremental_strategy='replace_scope', unique_key='order_id', on_schema_change='fail',
          meta={'scope': 'int_touched_facts'}) }}
with orders as (

    select * from {{ ref('int_orders') }}
    where {{ in_scope('order_id', 'int_touched_facts') }}

),

order_customers as (

    select * from {{ ref('int_order_customers') }}

),

bounds as (

    select * from {{ ref('int_outlier_bounds') }} where measure = 'order'

),

judged as (

    select
        o.order_id,
        o.source,
        o.shop,
        c.customer_id,
        o.ordered_at,
        o.paid_at,
        o.order_date,
        coalesce(o.paid_at, o.ordered_at) as clock_at,
        o.status,
        -- Bought and not given back: something was paid, and not all of it went back.
        o.status not in ('unpaid', 'cancelled', 'refunded') and o.paid_amount > 0 as is_purchase,
        o.gross_amount,
        o.discount_amount,
        o.freight_amount,
        o.paid_amount,
        o.refunded_amount,
        o.net_amount,
        o.item_count,
        o.channel,
        o.country,
        o.province,
        o.city,
        o.coupon_code,
        {{ is_outlying_order('o.gross_amount', 'b') }} as is_outlier
    from orders as o
    left join order_customers as c on o.order_id = c.order_id
    left join bounds as b on o.source = b.source

),

final as (

    select
        cast(order_id as {{ dbt.type_string() }}) as order_id,
        cast(source as {{ dbt.type_string() }}) as source,
        cast(shop as {{ dbt.type_string() }}) as shop,
        cast(customer_id as {{ dbt.type_string() }}) as customer_id,
        cast(ordered_at as timestamp) as ordered_at,
        cast(paid_at as timestamp) as paid_at,
        cast(order_date as date) as order_date,
        cast(status as {{ dbt.type_string() }}) as status,
        cast(is_purchase as boolean) as is_purchase,
        cast(
            case
                when is_purchase and customer_id is not null
                    then row_number() over (partition by customer_id, is_purchase order by clock_at, order_id)
            end as bigint
        ) as purchase_number,
        cast(gross_amount as decimal(18, 2)) as gross_amount,
        cast(discount_amount as decimal(18, 2)) as discount_amount,
        cast(freight_amount as decimal(18, 2)) as freight_amount,
        cast(paid_amount as decimal(18, 2)) as paid_amount,
        cast(refunded_amount as decimal(18, 2)) as refunded_amount,
        cast(net_amount as decimal(18, 2)) as net_amount,
        cast(item_count as bigint) as item_count,
        cast(channel as {{ dbt.type_string() }}) as channel,
        cast(country as {{ dbt.type_string() }}) as country,
        cast(province as {{ dbt.type_string() }}) as province,
        cast(city as {{ dbt.type_string() }}) as city,
        cast(coupon_code as {{ dbt.type_string() }}) as coupon_code,
        cast(is_outlier as boolean) as is_outlier
    from judged

)

select * from final
