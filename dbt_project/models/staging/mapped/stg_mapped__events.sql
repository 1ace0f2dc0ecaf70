with source as (

    select * from {{ source('raw', 'mapped_events') }}

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
        coalesce(event_id, cast(_row_hash as {{ dbt.type_string() }})) as record_id,
        customer_id as source_customer_id,
        event_at,
        case lower(event_type)
            when 'pv' then 'view'
            when 'fav' then 'favourite'
            when 'favorite' then 'favourite'
            else lower(event_type)
        end as event_type,
        product_id as source_product_id,
        session_id,
        channel
    from source

)

select * from renamed
