with lifecycle as (

    select * from {{ ref('customer_lifecycle') }}

),

customers as (

    select * from {{ ref('dim_customers') }}

),

rfm as (

    select * from {{ ref('customer_rfm') }}

),

quadrants as (

    select * from {{ ref('customer_value_quadrant') }}

),

orders as (

    select o.*
    from {{ ref('fct_orders') }} as o
    inner join {{ ref('int_as_of') }} as a on o.order_date <= a.as_of_date
    where o.customer_id is not null

),

items as (

    select * from {{ ref('fct_order_items') }}

),

products as (

    select * from {{ ref('dim_products') }}

),

-- Where no order of the data shows a discount, the shop did not export them: that is not a full-price customer.
discounts as (

    select max(case when discount_amount > 0 then 1 else 0 end) as are_known
    from orders

),

ordering as (

    select
        customer_id,
        count(*) as orders,
        min(cast(ordered_at as date)) as first_order_date,
        sum(case when status in ('unpaid', 'cancelled') then 1 else 0 end) / cast(count(*) as double) as unpaid_share,
        sum(refunded_amount) / nullif(sum(paid_amount), 0) as refund_share,
        sum(discount_amount) / nullif(sum(gross_amount + discount_amount), 0) as discount_share,
        avg(case when is_purchase then item_count end) as items_per_order,
        avg(
            case when is_purchase then case when {{ iso_weekday('order_date') }} >= 6 then 1.0 else 0.0 end end
        ) as weekend_share,
        {% for name, first, last in [('night', 0, 5), ('morning', 6, 11), ('afternoon', 12, 17), ('evening', 18, 23)] -%}
        avg(
            case
                when is_purchase
                    then case when extract(hour from ordered_at) between {{ first }} and {{ last }} then 1.0 else 0.0 end
            end
        ) as {{ name }}_share{{ "," if not loop.last }}
        {% endfor %}
    from orders
    group by customer_id

),

by_category as (

    select
        o.customer_id,
        p.category,
        sum(i.net_amount) as net_amount,
        row_number() over (partition by o.customer_id order by sum(i.net_amount) desc, p.category) as category_rank
    from orders as o
    inner join items as i on o.order_id = i.order_id
    inner join products as p on i.product_id = p.product_id
    where o.is_purchase and p.category is not null
    group by o.customer_id, p.category

),

categories as (

    select
        customer_id,
        count(*) as category_count,
        max(case when category_rank = 1 then category end) as top_category,
        max(case when category_rank = 1 then net_amount end) / nullif(sum(net_amount), 0) as top_category_share
    from by_category
    group by customer_id

),

by_brand as (

    select
        o.customer_id,
        p.brand,
        sum(i.net_amount) as net_amount,
        row_number() over (partition by o.customer_id order by sum(i.net_amount) desc, p.brand) as brand_rank
    from orders as o
    inner join items as i on o.order_id = i.order_id
    inner join products as p on i.product_id = p.product_id
    where o.is_purchase and p.brand is not null
    group by o.customer_id, p.brand

),

brands as (

    select
        customer_id,
        max(case when brand_rank = 1 then brand end) as top_brand,
        max(case when brand_rank = 1 then net_amount end) / nullif(sum(net_amount), 0) as top_brand_share
    from by_brand
    group by customer_id

),

final as (

    select
        l.as_of_date,
        l.customer_id,

        -- the days that the features rest on: a value holds since the last fact that could have changed it
        coalesce(l.first_purchase_date, t.first_order_date, cast(c.registered_at as date), l.as_of_date) as known_since,
        coalesce(l.last_purchase_date, t.first_order_date, cast(c.registered_at as date), l.as_of_date) as changed_on,
        coalesce(l.state_since, l.as_of_date) as state_since,

        -- who they are
        c.gender,
        c.age_band,
        c.province,
        c.city_tier,
        c.acquisition_channel,
        cast({{ days_between('l.first_purchase_date', 'l.as_of_date') }} as double) as tenure_days,

        -- how they buy
        cast(l.purchases as double) as purchases,
        l.median_interval_days,
        cast(t.items_per_order as double) as items_per_order,
        cast(t.weekend_share as double) as weekend_share,
        cast(t.night_share as double) as night_share,
        cast(t.morning_share as double) as morning_share,
        cast(t.afternoon_share as double) as afternoon_share,
        cast(t.evening_share as double) as evening_share,
        cast(t.unpaid_share as double) as unpaid_share,

        -- what they spend
        cast(r.monetary as double) as monetary,
        cast(r.average_order_value as double) as average_order_value,
        cast(r.m_score as double) as m_score,
        cast(case when x.are_known = 1 then t.discount_share end as double) as discount_share,
        cast(t.refund_share as double) as refund_share,
        r.value_class,
        q.quadrant,

        -- what they like
        g.top_category,
        cast(g.top_category_share as double) as top_category_share,
        cast(g.category_count as double) as category_count,
        b.top_brand,
        cast(b.top_brand_share as double) as top_brand_share,

        -- where they stand
        l.state,
        l.previous_state,
        l.cycle_state,
        r.segment,
        cast(r.recency_days as double) as recency_days
    from lifecycle as l
    cross join discounts as x
    inner join customers as c on l.customer_id = c.customer_id
    left join rfm as r on l.customer_id = r.customer_id
    left join quadrants as q on l.customer_id = q.customer_id
    left join ordering as t on l.customer_id = t.customer_id
    left join categories as g on l.customer_id = g.customer_id
    left join brands as b on l.customer_id = b.customer_id

)

select * from final
