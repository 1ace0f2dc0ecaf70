with source as (

    select * from {{ source('raw', 'complete_journey_campaigns') }}

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
        household_id as source_customer_id,
        cast(null as {{ dbt.type_string() }}) as variant,
        false as is_holdout,
        cast(null as timestamp) as reached_at,
        cast(null as timestamp) as opened_at,
        cast(null as timestamp) as clicked_at,
        cast(null as decimal(18, 2)) as contact_cost
    from source

)

select * from renamed
