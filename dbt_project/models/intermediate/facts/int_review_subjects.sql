with reviews as (

    select * from {{ ref('int_reviews') }}

),

texts as (

    select * from {{ ref('int_review_texts') }}

),

source_orders as (

    select * from {{ ref('int_orders') }}

),

orders as (

    select * from {{ ref('fct_orders') }}

),

accounts as (

    select * from {{ ref('int_customer_accounts') }}

),

customers as (

    select * from {{ ref('int_customers') }}

),

products as (

    select * from {{ ref('int_products') }}

),

-- One review may belong to several orders, and two sources may use the same number.
shared_ids as (

    select record_id
    from reviews
    group by record_id
    having count(*) > 1

),

final as (

    select
        case
            when i.record_id is not null
                then r.source || ':' || r.record_id || ':' || coalesce(r.source_order_id, '')
            else r.record_id
        end as review_id,
        r.source,
        s.order_id,
        p.product_id,
        c.customer_id,
        r.reviewed_at,
        r.rating,
        t.text_hash
    from reviews as r
    left join texts as t on r.format = t.format and r.file_id = t.file_id and r.row_number = t.row_number
    left join shared_ids as i on r.record_id = i.record_id
    left join source_orders as s on r.source = s.source and r.source_order_id = s.source_order_id
    left join orders as o on s.order_id = o.order_id
    left join accounts as a on r.source = a.source and r.source_customer_id = a.source_customer_id
    left join customers as c on coalesce(a.customer_id, o.customer_id) = c.customer_id
    left join products as p on r.source = p.source and r.source_product_id = p.source_product_id

)

select * from final
