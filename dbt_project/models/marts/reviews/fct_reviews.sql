with reviews as (

    select * from {{ ref('int_review_subjects') }}

),

topics as (

    select * from {{ ref('int_review_topics') }}

),

-- Scored between the facts and the marts.
sentiments as (

    select * from {{ ref('int_review_sentiments') }}

),

final as (

    select
        cast(r.review_id as {{ dbt.type_string() }}) as review_id,
        cast(r.source as {{ dbt.type_string() }}) as source,
        cast(r.order_id as {{ dbt.type_string() }}) as order_id,
        cast(r.product_id as {{ dbt.type_string() }}) as product_id,
        cast(r.customer_id as {{ dbt.type_string() }}) as customer_id,
        cast(r.reviewed_at as timestamp) as reviewed_at,
        cast(r.rating as decimal(18, 2)) as rating,
        cast(s.sentiment as double) as sentiment,
        cast(t.topics as {{ dbt.type_string() }}) as topics
    from reviews as r
    left join topics as t on r.text_hash = t.text_hash
    left join sentiments as s on r.text_hash = s.text_hash

)

select * from final
