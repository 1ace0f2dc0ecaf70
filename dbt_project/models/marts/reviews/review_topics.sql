with as_of as (

    select * from {{ ref('int_as_of') }}

),

reviews as (

    select r.*
    from {{ ref('fct_reviews') }} as r
    inner join as_of as a on coalesce(cast(r.reviewed_at as date) <= a.as_of_date, true)
    where r.sentiment is not null

),

aspects as (

    select distinct aspect, aspect_zh from {{ ref('review_aspects') }}

),

products as (

    select * from {{ ref('dim_products') }}

),

scoped as (

    select 'all' as product_id, topics, sentiment, rating from reviews
    union all
    select product_id, topics, sentiment, rating from reviews where product_id is not null

),

-- How many reviews of the product there are, whatever they speak of.
sizes as (

    select product_id, count(*) as reviews
    from scoped
    group by product_id

),

spoken as (

    select
        s.product_id,
        a.aspect,
        a.aspect_zh,
        count(*) as reviews,
        sum(case when s.sentiment > 0 then 1 else 0 end) as pleased_reviews,
        sum(case when s.sentiment < 0 then 1 else 0 end) as displeased_reviews,
        {{ mean_of_decimals('cast(s.sentiment as decimal(9, 6))') }} as mean_sentiment,
        {{ mean_of_decimals('s.rating') }} as mean_rating
    from scoped as s
    inner join aspects as a on ', ' || s.topics || ',' like '%, ' || a.aspect || ',%'
    group by s.product_id, a.aspect, a.aspect_zh

),

final as (

    select
        cast(a.as_of_date as date) as as_of_date,
        cast(s.product_id as {{ dbt.type_string() }}) as product_id,
        cast(p.title as {{ dbt.type_string() }}) as title,
        cast(s.aspect as {{ dbt.type_string() }}) as aspect,
        cast(s.aspect_zh as {{ dbt.type_string() }}) as aspect_zh,
        cast(s.reviews as bigint) as reviews,
        cast(s.reviews as double) / z.reviews as review_share,
        cast(s.pleased_reviews as bigint) as pleased_reviews,
        cast(s.displeased_reviews as bigint) as displeased_reviews,
        cast(s.mean_sentiment as double) as mean_sentiment,
        cast(s.mean_rating as double) as mean_rating
    from spoken as s
    inner join sizes as z on s.product_id = z.product_id
    cross join as_of as a
    left join products as p on s.product_id = p.product_id

)

select * from final
