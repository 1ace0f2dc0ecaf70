with source as (

    select * from {{ source('raw', 'mapped_product_costs') }}

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
        product_id || '|' || coalesce(cast(valid_from as {{ dbt.type_string() }}), '') as record_id,
        product_id as source_product_id,
        cast(unit_cost as decimal(18, 2)) as unit_cost,
        valid_from,
        valid_to
    from source

)

select * from renamed
