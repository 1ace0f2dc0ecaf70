with source as (

    select * from {{ source('raw', 'olist_geolocation') }}

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
        cast(_row_hash as {{ dbt.type_string() }}) as record_id,

        -- attributes
        geolocation_zip_code_prefix as zip_code_prefix,
        geolocation_lat as latitude,
        geolocation_lng as longitude,
        geolocation_city as city,
        geolocation_state as province
    from source

)

select * from renamed
