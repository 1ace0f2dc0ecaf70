with source as (

    select * from {{ source('raw', 'taobao_user_behavior') }}

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
        'taobao' as source,
        cast(_row_hash as {{ dbt.type_string() }}) as record_id,
        user_id as source_customer_id,
        event_at,
        case event_type
            when 'pv' then 'view'
            when 'fav' then 'favourite'
            else event_type
        end as event_type,
        product_id as source_product_id,
        cast(null as {{ dbt.type_string() }}) as session_id,
        cast(null as {{ dbt.type_string() }}) as channel
    from source

)

select * from renamed
