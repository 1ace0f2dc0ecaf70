with source as (

    select * from {{ source('raw', 'olist_payments') }}

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
        'olist' as source,
        order_id as source_order_id,
        payment_sequential as payment_number,

        -- attributes
        payment_type,

        -- numerics
        payment_installments as installments,
        cast(payment_value as decimal(18, 2)) as payment_amount
    from source

)

select * from renamed
