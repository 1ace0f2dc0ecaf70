with source as (

    select * from {{ source('raw', 'olist_reviews') }}

),

renamed as (

    select
        -- lineage
        _file_id as file_id,
        _row_number as row_number,
        _row_hash as row_hash,
        _issues as issues,
        coalesce(_unreadable, false) as is_unreadable,

        -- ids
        'olist' as source,
        review_id as record_id,
        order_id as source_order_id,
        cast(null as {{ dbt.type_string() }}) as source_product_id,
        cast(null as {{ dbt.type_string() }}) as source_customer_id,

        -- numerics
        cast(review_score as decimal(18, 2)) as rating,

        -- what was written: a view shows it, no table after the raw layer keeps it
        review_text,

        -- timestamps
        review_creation_date as reviewed_at,
        review_answer_timestamp as answered_at
    from source

)

select * from renamed
