with source as (

    select * from {{ source('raw', 'mapped_refunds') }}

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
        coalesce(refund_id, cast(_row_hash as {{ dbt.type_string() }})) as record_id,
        order_id as source_order_id,
        line_id as source_line_id,
        product_id as source_product_id,

        -- attributes
        coalesce(status, 'succeeded') as state,
        reason as refund_reason,

        -- numerics
        cast(amount as decimal(18, 2)) as amount,

        -- timestamps
        refunded_at
    from source

)

select * from renamed
