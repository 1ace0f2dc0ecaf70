with source as (

    select * from {{ source('raw', 'ingested_files') }}

),

renamed as (

    select
        -- ids
        file_id,
        batch_id,
        source,
        source_file,
        sha256,

        -- attributes
        format,
        encoding,
        status,
        message,

        -- numerics
        bytes,
        rows,
        unreadable_rows,
        unparsed_values,

        -- timestamps
        exported_at,
        loaded_at
    from source

)

select * from renamed
