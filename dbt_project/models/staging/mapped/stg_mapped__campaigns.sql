with source as (

    select * from {{ source('raw', 'mapped_campaigns') }}

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
        campaign_id as source_campaign_id,
        name as campaign_name,
        channel,
        campaign_type,
        started_at,
        ended_at,
        cast(cost as decimal(18, 2)) as campaign_cost,
        cast(holdout_share as double) as holdout_share,
        holdout_salt
    from source

)

select * from renamed
