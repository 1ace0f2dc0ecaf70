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

purchases as (

    select * from {{ ref('int_purchases') }}

),

attitudes as (

    select * from {{ ref('int_customer_attitudes') }}

),

transitions as (

    select * from {{ ref('category_transitions') }}

),

boundaries as (

    select * from {{ ref('int_lifecycle_boundaries') }}

),

tiers as (

    select customer_id, tier from {{ ref('int_as_of_labels') }}

),

predictions as (

    select * from {{ ref('customer_predictions') }}

),

clusters as (

    select * from {{ ref('customer_clusters') }}

),

-- Psychology and traits as the last purchase left them.
psychology as (

    select
        p.*,
        {% for feature in ['gift_season_share', 'sale_season_share', 'popular_share', 'new_arrival_share',
                           'new_category_share', 'repeated_product_share', 'mobile_share', 'same_hour_share',
                           'big_basket_share', 'higher_price_share', 'gift_product_share'] -%}
        {{ rounded(psychology_features() | selectattr(1, 'equalto', feature) | map(attribute=2) | first, 4) }} as {{ feature }},
        {% endfor -%}
        case
            when t.positioned_purchases > 0 then {{ rounded('cast(t.positions as double) / t.positioned_purchases', 4) }}
        end as price_position
    from {{ ref('int_customer_psychology') }} as p
    inner join {{ ref('int_as_of') }} as a on p.snapshot_date = a.as_of_date
    inner join {{ ref('int_purchase_traits') }} as t on p.last_order_id = t.order_id

),

-- Whether the shop exports reviews and coupons at all; where it does not, nobody is called one who never uses them.
known_inputs as (

    select
        max(case when reviewed_orders > 0 then 1 else 0 end) as reviews,
        max(case when coupons_used > 0 then 1 else 0 end) as coupons
    from attitudes

),

-- Where no order of the data shows a discount, the shop did not export them: that is not a full-price customer.
discounts as (

    select max(case when discount_amount > 0 then 1 else 0 end) as are_known
    from orders

),

ordering as (

    select * from {{ ref('int_customer_ordering') }}

),

tastes as (

    select * from {{ ref('int_customer_tastes') }}

),

-- What was spent lately against what was spent before, and how even the days between purchases are.
rhythm as (

    select
        p.customer_id,
        sum(p.net_amount) as net_amount,
        sum(case when {{ days_between('p.purchase_date', 'a.as_of_date') }} < 90 then p.net_amount else 0 end) as last_90d,
        sum(
            case
                when {{ days_between('p.purchase_date', 'a.as_of_date') }} between 90 and 179 then p.net_amount
                else 0
            end
        ) as before_90d,
        max(case when p.purchase_number = 1 then p.net_amount end) as first_amount,
        max(case when p.purchase_number = 2 then p.interval_days end) as days_to_second,
        sum(case when p.interval_days > 0 then 1 else 0 end) as intervals,
        sum(case when p.interval_days > 0 then p.interval_days else 0 end) as interval_sum,
        sum(case when p.interval_days > 0 then p.interval_days * p.interval_days else 0 end) as squared_interval_sum
    from purchases as p
    cross join {{ ref('int_as_of') }} as a
    group by p.customer_id

),

order_values as (

    select avg(cast(average_order_value as double)) as mean_order_value from rfm

),

second_purchases as (

    select median(days_to_second) as median_days_to_second
    from rhythm
    where days_to_second > 0

),

followers as (

    select
        from_category,
        to_category,
        row_number() over (partition by from_category order by to_rank asc, to_category asc) as follower_rank
    from transitions
    where from_category <> to_category

),

next_categories as (

    select
        l.customer_id,
        f.to_category as next_category
    from tastes as l
    inner join followers as f on l.last_category = f.from_category and f.follower_rank = 1

),

final as (

    select
        l.as_of_date,
        l.customer_id,

        -- the days that the features rest on: a value holds since the last fact that could have changed it
        coalesce(l.first_purchase_date, t.first_order_date, cast(c.registered_at as date), l.as_of_date) as known_since,
        coalesce(l.last_purchase_date, t.first_order_date, cast(c.registered_at as date), l.as_of_date) as changed_on,
        coalesce(l.state_since, l.as_of_date) as state_since,
        coalesce(u.reviewed_on, l.last_purchase_date, l.as_of_date) as reviewed_on,
        coalesce(u.visited_on, l.as_of_date) as visited_on,
        coalesce(u.brought_on, l.last_purchase_date, l.as_of_date) as brought_on,

        -- who they are
        c.gender,
        c.age_band,
        c.province,
        c.city_tier,
        c.acquisition_channel,
        c.city,
        case
            when c.birth_date is not null then cast(cast(extract(month from c.birth_date) as int) as {{ dbt.type_string() }})
        end as birth_month,
        case when c.referrer_id is not null then 'yes' end as was_referred,
        cast(c.accounts as double) as accounts,
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
        -- Coefficient of variation of the days between purchases; three of them are the least that can be called even.
        case
            when h.intervals >= 3
                then round(
                    sqrt(
                        greatest(
                            0,
                            cast(h.squared_interval_sum as double) / h.intervals
                            - power(cast(h.interval_sum as double) / h.intervals, 2)
                        )
                    )
                    / (cast(h.interval_sum as double) / h.intervals),
                    4
                )
        end as interval_variation,
        y.mobile_share,
        y.same_hour_share,
        y.gift_season_share,
        y.sale_season_share,
        cast(u.visit_days as double) as visit_days,
        cast(u.viewed_products as double) as viewed_products,
        cast(u.cart_events as double) as cart_events,
        cast(u.favourite_events as double) as favourite_events,

        -- what they spend
        cast(r.monetary as double) as monetary,
        cast(r.average_order_value as double) as average_order_value,
        cast(r.m_score as double) as m_score,
        cast(case when x.are_known = 1 then t.discount_share end as double) as discount_share,
        cast(t.refund_share as double) as refund_share,
        r.value_class,
        q.quadrant,
        case
            when l.purchases > 0
                then {{ half_up(
                    'cast(h.net_amount as double) / greatest(1, ('
                    ~ days_between('l.first_purchase_date', 'l.as_of_date') ~ ' + 1) / cast(30.4375 as double))',
                    18, 2
                ) }}
        end as monthly_spend,
        {{ rounded('cast(r.average_order_value as double) / nullif(g.mean_order_value, 0)', 4) }} as order_value_ratio,
        -- Two spans of 90 days can be compared once the customer has been here for both.
        case
            when {{ days_between('l.first_purchase_date', 'l.as_of_date') }} >= 179 and h.last_90d + h.before_90d > 0
                then {{ rounded('cast(h.last_90d as double) / nullif(cast(h.before_90d as double), 0)', 4) }}
        end as spend_trend,
        y.big_basket_share,
        y.price_position,
        t.refunded_order_share,

        -- what they like
        v.top_category,
        v.second_category,
        cast(v.top_category_share as double) as top_category_share,
        cast(v.category_count as double) as category_count,
        v.top_brand,
        cast(v.top_brand_share as double) as top_brand_share,
        v.top_subcategory,
        v.top_price_band,
        y.popular_share,
        y.new_arrival_share,
        y.new_category_share,
        y.repeated_product_share,
        y.gift_product_share,

        -- what they think
        u.mean_rating,
        u.mean_sentiment,
        case
            when k.reviews = 1 and l.purchases > 0
                then {{ rounded('cast(coalesce(u.reviewed_orders, 0) as double) / l.purchases', 4) }}
        end as review_share,
        case
            when k.coupons = 1 and l.purchases > 0
                then {{ rounded('cast(coalesce(u.coupons_used, 0) as double) / l.purchases', 4) }}
        end as coupons_per_purchase,
        case when u.campaigns_reached >= 2 then {{ rounded('u.campaign_answer_share', 4) }} end as campaign_answer_share,
        cast(u.customers_brought as double) as customers_brought,

        -- where they stand
        l.state,
        l.previous_state,
        l.cycle_state,
        r.segment,
        cast(r.recency_days as double) as recency_days,
        case when l.purchases > 0 then w.tier end as tier,

        -- what drives them
        y.dominant_psychology,
        {% for code in psychology_codes() -%}
        cast(y.{{ affinity_column(code) }} as double) as {{ affinity_column(code) }},
        {% endfor %}
        -- what comes next, by the customer's own rhythm and the shop's
        {{ rounded('l.days_since_last_purchase / nullif(l.median_interval_days, 0)', 4) }} as cycle_ratio,
        l.median_interval_days - l.days_since_last_purchase as days_to_next_purchase,
        case
            when l.purchases = 1
                then {{ rounded('cast(l.days_since_last_purchase as double) / nullif(m.median_days_to_second, 0)', 4) }}
        end as second_purchase_ratio,
        case
            when l.purchases > 0
                then {{ rounded('cast(l.days_since_last_purchase as double) / nullif(d.churned_after_days, 0)', 4) }}
        end as churn_ratio,
        -- Only who is still inside the own cycle can be expected to go on with it.
        case
            when l.cycle_state in ('active', 'silent') then {{ rounded('90.0 / nullif(l.median_interval_days, 0)', 4) }}
        end as expected_purchases_90d,
        case
            when l.cycle_state in ('active', 'silent')
                then {{ half_up('365 * cast(r.average_order_value as double) / nullif(l.median_interval_days, 0)', 18, 2) }}
        end as expected_amount_365d,
        e.next_category,
        y.higher_price_share,

        -- what comes next, by what the shop's customers did
        o.probability_alive,
        o.churn_risk,
        case when o.is_top_value then 'yes' end as is_top_value,
        o.next_category as usual_category,
        i.cluster_name
    from lifecycle as l
    cross join discounts as x
    cross join known_inputs as k
    cross join second_purchases as m
    cross join order_values as g
    cross join boundaries as d
    inner join customers as c on l.customer_id = c.customer_id
    left join rfm as r on l.customer_id = r.customer_id
    left join quadrants as q on l.customer_id = q.customer_id
    left join ordering as t on l.customer_id = t.customer_id
    left join tastes as v on l.customer_id = v.customer_id
    left join rhythm as h on l.customer_id = h.customer_id
    left join psychology as y on l.customer_id = y.customer_id
    left join attitudes as u on l.customer_id = u.customer_id
    left join tiers as w on l.customer_id = w.customer_id
    left join next_categories as e on l.customer_id = e.customer_id
    left join predictions as o on l.customer_id = o.customer_id
    left join clusters as i on l.customer_id = i.customer_id

)

select * from final
