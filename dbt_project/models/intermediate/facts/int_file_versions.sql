with files as (

    select * from {{ ref('stg_raw__ingested_files') }}

),

final as (

    select
        file_id,
        batch_id,
        source,
        source_file,
        exported_at,
        row_number() over (order by coalesce(exported_at, loaded_at), file_id) as file_version
    from files

)

select * from final
