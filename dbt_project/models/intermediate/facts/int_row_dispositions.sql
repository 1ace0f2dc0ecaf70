with structurally_unreadable as (

    select
        format,
        file_id,
        row_number,
        'unreadable' as disposition,
        reason
    from {{ ref('stg_raw__unreadable_rows') }}

),

final as (

    select * from structurally_unreadable
    {%- for landed in landed_formats() %}
    union all
    select * from {{ ref('int_dispositions__' ~ landed.format) }}
    {%- endfor %}

)

select * from final
