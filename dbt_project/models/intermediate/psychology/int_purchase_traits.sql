{{ config(materialized='incremental', incremental_strategy='replace_scope', unique_key='customer_id', on_schema_change='fail',
          meta={'scope': 'int_touched_traits'}) }}
{#- What is counted of the products of a purchase. -#}
{%- set counted_by_product = [
    'products', 'titled_products', 'gift_products', 'official_products', 'premium_products',
    'later_products', 'repeated_products', 'later_purchases_with_category', 'later_purchases_in_new_category',
    'branded_products', 'leading_brand_products', 'priced_products', 'low_priced_products', 'top_priced_products',
    'gift_season_priced_products', 'gift_season_upper_products', 'popular_products', 'popular_upper_products',
    'rated_products', 'praised_products', 'arrival_known_products', 'new_arrival_products',
] -%}
{%- set money = ['discount_amount', 'before_discount_amount'] -%}
{%- set decimals = ['positions', 'squared_positions'] -%}
{#- All that is added up over a customer's purchases, each up to and including this one. -#}
{%- set counted = counted_by_product + money + decimals + [
    'discount_known', 'discounted', 'coupon_known', 'coupon_used', 'in_gift_season', 'in_sale_season',
    'big_baskets', 'small_baskets', 'positioned_purchases', 'compared_prices', 'same_level_prices', 'higher_prices',
    'channel_known', 'mobile', 'hour_compared', 'same_hour', 'viewing_purchases', 'viewed_products',
] -%}
with purchases_of_all as (

    select * from {{ ref('int_purchases') }}

),

purchases as (

    select * from purchases_of_all
    where {{ in_scope('customer_id', 'int_touched_traits') }}

),

orders_of_all as (

    select * from {{ ref('fct_orders') }}

),

orders as (

    select * from orders_of_all
    where {{ in_scope('customer_id', 'int_touched_traits') }}

),

bought as (

    select * from {{ ref('int_purchase_products') }}
    where {{ in_scope('customer_id', 'int_touched_traits') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

product_months as (

    select * from {{ ref('int_product_months') }}

),

price_positions as (

    select * from {{ ref('int_price_positions') }}

),

leading_brands as (

    select * from {{ ref('int_leading_brands') }}

),

calendar as (

    select * from {{ ref('int_calendar') }}

),

seasons as (

    select * from {{ ref('int_seasons') }}

),

accounts as (

    select * from {{ ref('int_customer_accounts') }}

),

season_days as (

    select
        c.calendar_date,
        max(case when s.kind = 'gift' then 1 else 0 end) as is_gift_season,
        max(case when s.kind = 'sale' then 1 else 0 end) as is_sale_season
    from calendar as c
    inner join seasons as s on c.calendar_date between s.first_date and s.last_date
    group by c.calendar_date

),

ordered as (

    select
        p.order_id,
        sum(o.discount_amount) as discount_amount,
        sum(o.gross_amount + o.discount_amount) as before_discount_amount,
        max(case when o.coupon_code is not null then 1 else 0 end) as has_coupon_code,
        max(case when o.channel is not null then 1 else 0 end) as has_channel,
        max(case when o.channel = 'mobile' then 1 else 0 end) as is_mobile,
        min(o.ordered_at) as ordered_at
    from orders as o
    inner join purchases as p
        on {{ is_part_of_purchase('o', 'p') }}
    where o.is_purchase
    group by p.order_id

),

-- A coupon's use names the customer and the day, seldom the order: it belongs to the purchases of that day.
coupon_days as (

    select
        a.customer_id,
        cast(r.redeemed_at as date) as redeemed_on
    from {{ ref('int_coupon_redemptions') }} as r
    inner join accounts as a on r.source = a.source and r.source_customer_id = a.source_customer_id
    where r.redeemed_at is not null
    group by a.customer_id, cast(r.redeemed_at as date)

),

view_days as (

    select
        customer_id,
        cast(event_at as date) as viewed_on,
        count(distinct product_id) as viewed_products
    from {{ ref('fct_events') }}
    where event_type = 'view' and customer_id is not null
    group by customer_id, cast(event_at as date)

),

-- The first day on which the data shows an input at all. Before it nobody can be said not to have used it.
known_from as (

    select
        min(case when o.discount_amount > 0 then o.order_date end) as discounts,
        min(case when o.coupon_code is not null then o.order_date end) as coupon_codes,
        min(o.order_date) as purchases
    from orders_of_all as o
    inner join as_of as a on o.order_date <= a.as_of_date
    where o.is_purchase and o.customer_id is not null

),

coupons_from as (

    select min(redeemed_on) as redemptions from coupon_days

),

baskets as (

    select
        cast({{ dbt.date_trunc('month', 'purchase_date') }} as date) as purchase_month,
        net_amount,
        count(*) as purchases
    from purchases_of_all
    group by cast({{ dbt.date_trunc('month', 'purchase_date') }} as date), net_amount

),

basket_positions as (

    select
        purchase_month,
        net_amount,
        (
            sum(purchases) over (
                partition by purchase_month
                order by net_amount
                rows between unbounded preceding and current row
            ) - purchases / 2.0
        ) / sum(purchases) over (partition by purchase_month) as basket_position
    from baskets

),

by_purchase as (

    select
        b.order_id,
        count(*) as products,
        sum(b.is_titled) as titled_products,
        sum(b.is_gift) as gift_products,
        sum(b.is_official) as official_products,
        sum(b.is_premium) as premium_products,
        sum(case when b.purchase_number > 1 then 1 else 0 end) as later_products,
        sum(case when b.first_bought_with < b.purchase_number then 1 else 0 end) as repeated_products,
        max(case when b.purchase_number > 1 and b.category is not null then 1 else 0 end) as later_purchases_with_category,
        max(
            case when b.purchase_number > 1 and b.category_first_bought_with = b.purchase_number then 1 else 0 end
        ) as later_purchases_in_new_category,
        -- Only where brands compete in the group can buying the leading one mean something.
        sum(case when b.brand is not null and l.brand is not null then 1 else 0 end) as branded_products,
        sum(case when b.brand = l.brand then 1 else 0 end) as leading_brand_products,
        count(p.price_position) as priced_products,
        sum(
            case when p.price_position <= {{ var('psychology_tail_share') }} then 1 else 0 end
        ) as low_priced_products,
        sum(
            case when p.price_position >= 1 - {{ var('psychology_tail_share') }} then 1 else 0 end
        ) as top_priced_products,
        sum(
            case when s.is_gift_season = 1 and p.price_position is not null then 1 else 0 end
        ) as gift_season_priced_products,
        sum(case when s.is_gift_season = 1 and p.price_position > 0.5 then 1 else 0 end) as gift_season_upper_products,
        sum(m.is_popular) as popular_products,
        sum(case when m.is_popular = 1 and p.price_position > 0.5 then 1 else 0 end) as popular_upper_products,
        sum(
            case when m.ratings >= {{ var('psychology_minimum_ratings') }} then 1 else 0 end
        ) as rated_products,
        sum(m.is_praised) as praised_products,
        sum(
            case
                when b.purchase_date > {{ add_days('k.purchases', var('psychology_new_arrival_days')) }} then 1
                else 0
            end
        ) as arrival_known_products,
        sum(
            case
                when
                    b.purchase_date > {{ add_days('k.purchases', var('psychology_new_arrival_days')) }}
                    and b.purchase_date <= {{ add_days('m.first_sold_on', var('psychology_new_arrival_days')) }}
                    then 1
                else 0
            end
        ) as new_arrival_products,
        {{ half_up(mean_of_decimals('p.price_position'), 5, 4) }} as price_position
    from bought as b
    cross join known_from as k
    inner join product_months as m on b.product_id = m.product_id and b.purchase_month = m.purchase_month
    left join price_positions as p
        on
            b.purchase_month = p.purchase_month
            and b.price_group = p.price_group
            and b.unit_price = p.unit_price
    left join leading_brands as l on b.purchase_month = l.purchase_month and b.price_group = l.price_group
    left join season_days as s on b.purchase_date = s.calendar_date
    group by b.order_id

),

single as (

    select
        p.customer_id,
        p.order_id,
        p.purchase_number,
        p.purchase_date,
        p.next_purchase_date,
        t.price_position,
        lag(t.price_position) over (
            partition by p.customer_id
            order by p.purchase_number asc, p.order_id asc
        ) as previous_price_position,
        -- Exactly midnight is a date without a time.
        case when cast(o.ordered_at as date) < o.ordered_at then extract(hour from o.ordered_at) end as order_hour,
        lag(case when cast(o.ordered_at as date) < o.ordered_at then extract(hour from o.ordered_at) end) over (
            partition by p.customer_id
            order by p.purchase_number asc, p.order_id asc
        ) as previous_order_hour,
        case when p.purchase_date >= k.discounts then 1 else 0 end as discount_known,
        case when o.discount_amount > 0 then 1 else 0 end as discounted,
        case when p.purchase_date >= k.discounts then o.discount_amount else 0 end as discount_amount,
        case when p.purchase_date >= k.discounts then o.before_discount_amount else 0 end as before_discount_amount,
        case
            when p.purchase_date >= k.coupon_codes or p.purchase_date >= f.redemptions then 1
            else 0
        end as coupon_known,
        case when o.has_coupon_code = 1 or c.redeemed_on is not null then 1 else 0 end as coupon_used,
        coalesce(s.is_gift_season, 0) as in_gift_season,
        coalesce(s.is_sale_season, 0) as in_sale_season,
        {% for name in counted_by_product -%}
        coalesce(t.{{ name }}, 0) as {{ name }},
        {% endfor -%}
        case when n.basket_position >= 1 - {{ var('psychology_tail_share') }} then 1 else 0 end as big_baskets,
        case when n.basket_position <= {{ var('psychology_tail_share') }} then 1 else 0 end as small_baskets,
        o.has_channel as channel_known,
        o.is_mobile as mobile,
        case when v.viewed_on is not null then 1 else 0 end as viewing_purchases,
        coalesce(v.viewed_products, 0) as viewed_products
    from purchases as p
    inner join ordered as o on p.order_id = o.order_id
    cross join known_from as k
    cross join coupons_from as f
    inner join basket_positions as n
        on
            cast({{ dbt.date_trunc('month', 'p.purchase_date') }} as date) = n.purchase_month
            and p.net_amount = n.net_amount
    left join by_purchase as t on p.order_id = t.order_id
    left join coupon_days as c on p.customer_id = c.customer_id and p.purchase_date = c.redeemed_on
    left join season_days as s on p.purchase_date = s.calendar_date
    left join view_days as v on p.customer_id = v.customer_id and p.purchase_date = v.viewed_on

),

compared as (

    select
        *,
        case when price_position is not null then 1 else 0 end as positioned_purchases,
        coalesce(price_position, 0) as positions,
        coalesce(price_position * price_position, 0) as squared_positions,
        case when price_position is not null and previous_price_position is not null then 1 else 0 end as compared_prices,
        case
            when abs(price_position - previous_price_position) <= {{ var('psychology_price_step') }} then 1
            else 0
        end as same_level_prices,
        case
            when price_position - previous_price_position > {{ var('psychology_price_step') }} then 1
            else 0
        end as higher_prices,
        case when order_hour is not null and previous_order_hour is not null then 1 else 0 end as hour_compared,
        -- 23 o'clock and midnight are an hour apart.
        case when abs(order_hour - previous_order_hour) in (0, 1, 23) then 1 else 0 end as same_hour
    from single

),

final as (

    select
        customer_id,
        order_id,
        purchase_number,
        purchase_date,
        next_purchase_date,
        {% for name in counted -%}
        cast(
            sum({{ name }}) over (
                partition by customer_id
                order by purchase_number asc, order_id asc
                rows between unbounded preceding and current row
            ) as {{ 'decimal(18, 2)' if name in money else 'decimal(18, 8)' if name in decimals else 'bigint' }}
        ) as {{ name }}{{ "," if not loop.last }}
        {% endfor %}
    from compared

)

select * from final
