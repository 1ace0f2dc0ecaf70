with source as (

    select * from {{ source('raw', 'taobao_refunds') }}

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
        'taobao' as source,
        refund_id as record_id,
        order_id as source_order_id,
        cast(null as {{ dbt.type_string() }}) as source_line_id,
        product_id as source_product_id,

        -- attributes
        refund_type,
        status_text,
        case
            when status_text like '%成功%' then 'succeeded'
            when status_text like '%关闭%' or status_text like '%拒绝%' then 'refused'
            else 'pending'
        end as state,
        reason as refund_reason,

        -- numerics
        cast(refund_amount as decimal(18, 2)) as amount,
        transaction_amount,

        -- timestamps
        closed_at as refunded_at,
        applied_at
    from source

)

select * from renamed
