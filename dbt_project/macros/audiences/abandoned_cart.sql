{#- Bought since is what an order or an event says. A cart without a product is bought by any purchase. -#}
{% macro audience_rows__abandoned_cart() %}
with carted as (

    select
        e.customer_id,
        e.product_id,
        max(e.event_at) as carted_at
    from {{ ref('fct_events') }} as e
    inner join {{ ref('int_as_of') }} as a
        on
            cast(e.event_at as date) <= a.as_of_date
            and cast(e.event_at as date) > {{ add_days('a.as_of_date', -var('audience_cart_days')) }}
    where e.event_type = 'cart' and e.customer_id is not null
    group by e.customer_id, e.product_id

),

-- By day, as an order's clock and an event's need not agree within it.
bought as (

    select customer_id, product_id, max(purchase_date) as bought_on
    from {{ ref('int_purchase_products') }}
    group by customer_id, product_id

    union all

    select e.customer_id, e.product_id, max(cast(e.event_at as date)) as bought_on
    from {{ ref('fct_events') }} as e
    inner join {{ ref('int_as_of') }} as a on cast(e.event_at as date) <= a.as_of_date
    where e.event_type = 'buy' and e.customer_id is not null and e.product_id is not null
    group by e.customer_id, e.product_id

    union all

    select customer_id, cast(null as {{ dbt.type_string() }}) as product_id, max(purchase_date) as bought_on
    from {{ ref('int_purchases') }}
    group by customer_id

),

left_behind as (

    select
        c.customer_id,
        c.product_id,
        c.carted_at
    from carted as c
    left join bought as b
        on
            c.customer_id = b.customer_id
            and coalesce(c.product_id, '') = coalesce(b.product_id, '')
            and b.bought_on >= cast(c.carted_at as date)
    where b.customer_id is null

),

counted as (

    select
        *,
        count(*) over (partition by customer_id) as products,
        row_number() over (
            partition by customer_id
            order by carted_at desc, product_id asc nulls last
        ) as latest_rank
    from left_behind

)

select
    c.customer_id,
    cast(c.carted_at as date) as occasion_on,
    {{ sentence(
        '{} 把“{}”加入购物车，未购买；近 {} 天共 {} 件商品如此',
        ['cast(c.carted_at as date)', 'coalesce(p.title, c.product_id)', var('audience_cart_days'), 'c.products']
    ) }} as reason_zh,
    {{ sentence(
        'put "{}" into the cart on {} and did not buy it; {} such products within {} days',
        ['coalesce(p.title, c.product_id)', 'cast(c.carted_at as date)', 'c.products', var('audience_cart_days')]
    ) }} as reason
from counted as c
left join {{ ref('dim_products') }} as p on c.product_id = p.product_id
where c.latest_rank = 1
{% endmacro %}
