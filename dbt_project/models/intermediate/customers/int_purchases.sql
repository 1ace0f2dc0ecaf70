{{ config(materialized='incremental', incremental_strategy='replace_scope', unique_key='customer_id', on_schema_change='fail',
          meta={'scope': 'int_touched_buyers'}) }}
with orders as (

    select * from {{ ref('fct_orders') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

purchases as (

    select
        o.customer_id,
        o.order_id,
        coalesce(o.paid_at, o.ordered_at) as purchased_at,
        o.order_date as purchase_date,
        o.net_amount,
        o.item_count
    from orders as o
    inner join as_of as a on o.order_date <= a.as_of_date
    where
        o.is_purchase
        and o.customer_id is not null
        and {{ in_scope('o.customer_id', 'int_touched_buyers') }}

),

grained as (

    {% if var('purchase_grain') == 'day' -%}
    select
        customer_id,
        min(order_id) as order_id,
        min(purchased_at) as purchased_at,
        purchase_date,
        sum(net_amount) as net_amount,
        sum(item_count) as item_count
    from purchases
    group by customer_id, purchase_date
    {%- else -%}
    select * from purchases
    {%- endif %}

),

numbered as (

    select
        *,
        row_number() over (partition by customer_id order by purchased_at, order_id) as purchase_number,
        lag(purchase_date) over (partition by customer_id order by purchased_at, order_id) as previous_purchase_date,
        lead(purchase_date) over (partition by customer_id order by purchased_at, order_id) as next_purchase_date
    from grained

)

select
    *,
    {{ days_between('previous_purchase_date', 'purchase_date') }} as interval_days
from numbered
