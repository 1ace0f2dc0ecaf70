with source as (

    select * from {{ source('raw', 'mapped_referrals') }}

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
        referrer_id as source_referrer_id,
        referred_id as source_customer_id,
        referred_at,
        channel
    from source

)

select * from renamed
