with source as (

    select * from {{ source('raw', 'mapped_campaign_members') }}

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
        customer_id as source_customer_id,
        variant,
        coalesce(variant, '') as variant_key,
        coalesce(is_holdout, false) as is_holdout,
        reached_at,
        opened_at,
        clicked_at,
        cast(cost as decimal(18, 4)) as contact_cost
    from source

)

select * from renamed
