{{ config(materialized='incremental', incremental_strategy='replace_scope', unique_key='customer_id', on_schema_change='fail',
          meta={'scope': 'int_touched_buyers'}) }}
with orders as (

    select o.*
    from {{ ref('fct_orders') }} as o
    inner join {{ ref('int_as_of') }} as a on o.order_date <= a.as_of_date
    where o.customer_id is not null and {{ in_scope('o.customer_id', 'int_touched_buyers') }}

),

final as (

    select
        customer_id,
        count(*) as orders,
        min(cast(ordered_at as date)) as first_order_date,
        sum(case when status in ('unpaid', 'cancelled') then 1 else 0 end) / cast(count(*) as double) as unpaid_share,
        cast(sum(refunded_amount) as double) / nullif(cast(sum(paid_amount) as double), 0) as refund_share,
        sum(case when refunded_amount > 0 then 1 else 0 end)
        / cast(nullif(sum(case when paid_amount > 0 then 1 else 0 end), 0) as double) as refunded_order_share,
        cast(sum(discount_amount) as double) / nullif(cast(sum(gross_amount + discount_amount) as double), 0) as discount_share,
        avg(case when is_purchase then item_count end) as items_per_order,
        avg(
            cast(case when is_purchase then case when {{ iso_weekday('order_date') }} >= 6 then 1 else 0 end end as double)
        ) as weekend_share,
        {% for name, first, last in [('night', 0, 5), ('morning', 6, 11), ('afternoon', 12, 17), ('evening', 18, 23)] -%}
        avg(
            cast(
                case
                    when is_purchase
                        then case when extract(hour from ordered_at) between {{ first }} and {{ last }} then 1 else 0 end
                end as double
            )
        ) as {{ name }}_share{{ "," if not loop.last }}
        {% endfor %}
    from orders
    group by customer_id

)

select * from final
