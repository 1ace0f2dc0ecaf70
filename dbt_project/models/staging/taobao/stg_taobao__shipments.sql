with source as (

    select * from {{ source('raw', 'taobao_shipments') }}

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
        'taobao' as source,
        order_id || '|' || coalesce(tracking_number, '') as record_id,
        order_id as source_order_id,
        tracking_number,

        -- attributes
        carrier,
        province,
        city,

        -- timestamps
        shipped_at
    from source

)

select * from renamed
