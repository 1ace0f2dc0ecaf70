with source as (

    select * from {{ source('raw', 'unreadable_rows') }}

),

renamed as (

    select
        -- ids
        _file_id as file_id,
        _row_number as row_number,
        format,

        -- attributes
        raw_text,
        reason
    from source

)

select * from renamed
