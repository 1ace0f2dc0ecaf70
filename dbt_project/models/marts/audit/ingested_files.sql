with files as (

    select * from {{ ref('stg_raw__ingested_files') }}

),

final as (

    select
        cast(file_id as bigint) as file_id,
        cast(source as {{ dbt.type_string() }}) as source,
        cast(source_file as {{ dbt.type_string() }}) as source_file,
        cast(sha256 as {{ dbt.type_string() }}) as sha256,
        cast(bytes as bigint) as bytes,
        cast(rows as bigint) as rows,
        cast(unreadable_rows as bigint) as unreadable_rows,
        cast(format as {{ dbt.type_string() }}) as format,
        cast(encoding as {{ dbt.type_string() }}) as encoding,
        cast(exported_at as timestamp) as exported_at,
        cast(loaded_at as timestamp) as loaded_at,
        cast(status as {{ dbt.type_string() }}) as status,
        cast(message as {{ dbt.type_string() }}) as message
    from files

)

select * from final
