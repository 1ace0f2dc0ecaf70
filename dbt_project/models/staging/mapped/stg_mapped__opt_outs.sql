with source as (

    select * from {{ source('raw', 'mapped_opt_outs') }}

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
        -- Without anybody it is about, an opt-out is no record.
        case
            when coalesce(customer_id, email_key, phone_key) is not null
                then cast(_row_hash as {{ dbt.type_string() }})
        end as record_id,
        customer_id as source_customer_id,
        email_key,
        phone_key,
        lower(channel) as channel,
        opted_out_at,
        opted_in_at
    from source

)

select * from renamed
