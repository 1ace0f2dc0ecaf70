with source as (

    select * from {{ source('raw', 'mapped_reviews') }}

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
        source,
        coalesce(review_id, cast(_row_hash as {{ dbt.type_string() }})) as record_id,
        order_id as source_order_id,
        product_id as source_product_id,
        customer_id as source_customer_id,

        -- numerics
        cast(rating as decimal(18, 2)) as rating,

        -- what was written: a view shows it, no table after the raw layer keeps it
        review_text,

        -- timestamps
        reviewed_at
    from source

)

select * from renamed
