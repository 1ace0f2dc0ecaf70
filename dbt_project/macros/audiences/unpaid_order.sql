{#- An order's state is that of its newest export. -#}
{% macro audience_rows__unpaid_order() %}
with unpaid as (

    select
        o.customer_id,
        o.order_id,
        o.ordered_at,
        o.order_date,
        o.gross_amount,
        row_number() over (partition by o.customer_id order by o.ordered_at desc, o.order_id asc) as latest_rank
    from {{ ref('fct_orders') }} as o
    inner join {{ ref('int_as_of') }} as a
        on
            o.order_date <= a.as_of_date
            and o.order_date > {{ add_days('a.as_of_date', -var('audience_unpaid_days')) }}
    where o.status = 'unpaid' and o.customer_id is not null

),

bought as (

    select customer_id, max(purchased_at) as last_purchased_at
    from {{ ref('int_purchases') }}
    group by customer_id

)

select
    u.customer_id,
    u.order_date as occasion_on,
    {{ sentence(
        '{} 的订单 {}（{}）未付款',
        ['u.order_date', 'u.order_id', amount_zh('u.gross_amount')]
    ) }} as reason_zh,
    {{ sentence(
        'order {} of {} ({}) is unpaid',
        ['u.order_id', 'u.order_date', amount_en('u.gross_amount')]
    ) }} as reason
from unpaid as u
left join bought as b on u.customer_id = b.customer_id
where u.latest_rank = 1 and (b.last_purchased_at is null or b.last_purchased_at < u.ordered_at)
{% endmacro %}
