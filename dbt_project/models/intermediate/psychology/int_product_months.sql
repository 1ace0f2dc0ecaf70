with bought as (

    select * from {{ ref('int_purchase_products') }}

),

reviews as (

    select
        r.product_id,
        cast({{ dbt.date_trunc('month', 'r.reviewed_at') }} as date) as review_month,
        count(*) as ratings,
        sum(r.rating) as rating_sum
    from {{ ref('fct_reviews') }} as r
    inner join {{ ref('int_as_of') }} as a on cast(r.reviewed_at as date) <= a.as_of_date
    where r.product_id is not null and r.rating is not null
    group by r.product_id, cast({{ dbt.date_trunc('month', 'r.reviewed_at') }} as date)

),

sold as (

    select
        product_id,
        purchase_month,
        count(*) as times_bought,
        count(distinct customer_id) as buyers,
        min(purchase_date) as first_sold_on
    from bought
    group by product_id, purchase_month

),

-- Products with as many buyers stand together, so no tie needs to be broken.
by_buyers as (

    select
        purchase_month,
        buyers,
        sum(times_bought) as times_bought
    from sold
    group by purchase_month, buyers

),

ranked as (

    select
        purchase_month,
        buyers,
        sum(times_bought) over (
            partition by purchase_month
            order by buyers desc
            rows between unbounded preceding and current row
        ) - times_bought as bought_of_more_popular,
        sum(times_bought) over (partition by purchase_month) as bought_in_month,
        min(buyers) over (partition by purchase_month) as fewest_buyers
    from by_buyers

),

-- A month with sales or reviews, and what was said of the product up to its end.
months as (

    select product_id, purchase_month as month_start from sold
    union
    select product_id, review_month as month_start from reviews

),

rated as (

    select
        m.product_id,
        m.month_start,
        sum(coalesce(r.ratings, 0)) over (
            partition by m.product_id
            order by m.month_start
            rows between unbounded preceding and current row
        ) as ratings,
        sum(coalesce(r.rating_sum, 0)) over (
            partition by m.product_id
            order by m.month_start
            rows between unbounded preceding and current row
        ) as rating_sum
    from months as m
    left join reviews as r on m.product_id = r.product_id and m.month_start = r.review_month

),

final as (

    select
        s.product_id,
        s.purchase_month,
        s.buyers,
        s.times_bought,
        case
            when
                s.buyers > r.fewest_buyers
                and r.bought_of_more_popular < {{ var('psychology_tail_share') }} * r.bought_in_month
                then 1
            else 0
        end as is_popular,
        min(s.first_sold_on) over (partition by s.product_id) as first_sold_on,
        t.ratings,
        case
            when t.ratings >= {{ var('psychology_minimum_ratings') }}
                and t.rating_sum >= {{ var('psychology_praised_rating') }} * t.ratings
                then 1
            else 0
        end as is_praised
    from sold as s
    inner join ranked as r on s.purchase_month = r.purchase_month and s.buyers = r.buyers
    inner join rated as t on s.product_id = t.product_id and s.purchase_month = t.month_start

)

select * from final
