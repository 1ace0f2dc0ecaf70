with source as (

    select * from {{ source('raw', 'mapped_points') }}

),

renamed as (

    select
        -- lineage
        _file_id as file_id,
        _row_number as row_number,
        _row_hash as row_hash,
        _issues as issues,
        coalesce(_unreadable, false) as is_unreadable,

        -- columns
        source,
        coalesce(entry_id, cast(_row_hash as {{ dbt.type_string() }})) as record_id,
        customer_id as source_customer_id,
        posted_at,
        points,
        reason as entry_reason,
        expires_at as expires_on,
        order_id as source_order_id
    from source

)

select * from renamed
