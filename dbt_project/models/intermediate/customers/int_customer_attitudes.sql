with as_of as (

    select * from {{ ref('int_as_of') }}

),

accounts as (

    select * from {{ ref('int_customer_accounts') }}

),

customers as (

    select * from {{ ref('dim_customers') }}

),

-- One review may name several orders; it is one opinion.
reviews as (

    select
        r.customer_id,
        count(distinct r.order_id) as reviewed_orders,
        {{ mean_of_decimals('r.rating') }} as mean_rating,
        {{ mean_of_decimals('cast(r.sentiment as decimal(9, 6))') }} as mean_sentiment,
        max(cast(r.reviewed_at as date)) as reviewed_on
    from {{ ref('fct_reviews') }} as r
    inner join as_of as a on cast(r.reviewed_at as date) <= a.as_of_date
    where r.customer_id is not null
    group by r.customer_id

),

redemptions as (

    select
        c.customer_id,
        r.source,
        r.source_campaign_id,
        cast(r.redeemed_at as date) as redeemed_on
    from {{ ref('int_coupon_redemptions') }} as r
    inner join accounts as c on r.source = c.source and r.source_customer_id = c.source_customer_id
    inner join as_of as a on cast(r.redeemed_at as date) <= a.as_of_date

),

coupons as (

    select
        customer_id,
        count(*) as coupons_used,
        max(redeemed_on) as redeemed_on
    from redemptions
    group by customer_id

),

-- A campaign had its effect on whoever used a coupon of it; who clicked answered it, too.
reached as (

    select
        c.customer_id,
        m.source,
        m.source_campaign_id,
        max(case when m.clicked_at is not null and cast(m.clicked_at as date) <= a.as_of_date then 1 else 0 end) as has_clicked
    from {{ ref('int_campaign_members') }} as m
    inner join accounts as c on m.source = c.source and m.source_customer_id = c.source_customer_id
    left join {{ ref('int_campaigns') }} as g on m.source = g.source and m.source_campaign_id = g.source_campaign_id
    inner join as_of as a on cast(coalesce(m.reached_at, g.started_at) as date) <= a.as_of_date
    where coalesce(m.is_holdout, false) = false
    group by c.customer_id, m.source, m.source_campaign_id

),

answered as (

    select distinct
        customer_id,
        source,
        source_campaign_id
    from redemptions
    where source_campaign_id is not null

),

campaigns as (

    select
        r.customer_id,
        count(*) as campaigns_reached,
        sum(case when r.has_clicked = 1 or w.customer_id is not null then 1 else 0 end) as campaigns_answered
    from reached as r
    left join answered as w
        on
            r.customer_id = w.customer_id
            and r.source = w.source
            and r.source_campaign_id = w.source_campaign_id
    group by r.customer_id

),

referred as (

    select
        c.referrer_id as customer_id,
        count(*) as customers_brought,
        max(cast(c.first_order_at as date)) as brought_on
    from customers as c
    inner join as_of as a on cast(coalesce(c.registered_at, c.first_order_at) as date) <= a.as_of_date
    where c.referrer_id is not null
    group by c.referrer_id

),

visits as (

    select
        e.customer_id,
        count(distinct cast(e.event_at as date)) as visit_days,
        count(distinct case when e.event_type = 'view' then e.product_id end) as viewed_products,
        sum(case when e.event_type = 'cart' then 1 else 0 end) as cart_events,
        sum(case when e.event_type = 'favourite' then 1 else 0 end) as favourite_events,
        max(cast(e.event_at as date)) as visited_on
    from {{ ref('fct_events') }} as e
    inner join as_of as a
        on
            cast(e.event_at as date) <= a.as_of_date
            and cast(e.event_at as date) > {{ add_days('a.as_of_date', -30) }}
    where e.customer_id is not null
    group by e.customer_id

),

final as (

    select
        c.customer_id,
        r.reviewed_orders,
        cast(r.mean_rating as double) as mean_rating,
        cast(r.mean_sentiment as double) as mean_sentiment,
        r.reviewed_on,
        p.coupons_used,
        p.redeemed_on,
        g.campaigns_reached,
        cast(g.campaigns_answered as double) / g.campaigns_reached as campaign_answer_share,
        f.customers_brought,
        f.brought_on,
        v.visit_days,
        v.viewed_products,
        v.cart_events,
        v.favourite_events,
        v.visited_on
    from customers as c
    left join reviews as r on c.customer_id = r.customer_id
    left join coupons as p on c.customer_id = p.customer_id
    left join campaigns as g on c.customer_id = g.customer_id
    left join referred as f on c.customer_id = f.customer_id
    left join visits as v on c.customer_id = v.customer_id
    where coalesce(r.customer_id, p.customer_id, g.customer_id, f.customer_id, v.customer_id) is not null

)

select * from final
