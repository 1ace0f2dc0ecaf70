with source as (

    select * from {{ source('raw', 'complete_journey_campaign_descriptions') }}

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
        'complete_journey' as source,
        campaign_id as source_campaign_id,
        cast(null as {{ dbt.type_string() }}) as campaign_name,
        cast(null as {{ dbt.type_string() }}) as channel,
        campaign_type,
        cast(start_date as timestamp) as started_at,
        cast(end_date as timestamp) as ended_at,
        cast(null as decimal(18, 2)) as campaign_cost,
        cast(null as double) as holdout_share,
        cast(null as {{ dbt.type_string() }}) as holdout_salt
    from source

)

select * from renamed
