with source as (

    select * from {{ source('raw', 'complete_journey_demographics') }}

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
        'complete_journey' as source,
        household_id as source_customer_id,

        -- attributes
        age as age_band,
        income as income_band,
        home_ownership,
        marital_status,
        household_size,
        household_comp as household_composition,
        kids_count
    from source

)

select * from renamed
