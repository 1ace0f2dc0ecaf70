with dispositions as (

    select * from {{ ref('int_row_dispositions') }}

),

files as (

    select * from {{ ref('stg_raw__ingested_files') }}

),

-- The text of a broken row cannot be told apart into columns: where the export has personal ones it stays in the raw
-- layer.
unreadable as (

    select
        format,
        file_id,
        row_number,
        case
            when
                format in (
                    {%- for landed in landed_formats() if landed.text_is_public -%}
                    '{{ landed.format }}'{{ ", " if not loop.last }}
                    {%- endfor -%}
                ) then raw_text
            else 'not published: may hold personal values; see raw.unreadable_rows'
        end as raw_text
    from {{ ref('stg_raw__unreadable_rows') }}

),

removed as (

    select
        d.format,
        d.file_id,
        d.row_number,
        d.disposition,
        d.reason,
        cast(0 as decimal(18, 2)) as amount,
        {{ json_object(['raw_text']) }} as raw
    from dispositions as d
    inner join unreadable as u
        on d.format = u.format and d.file_id = u.file_id and d.row_number = u.row_number
    {%- for landed in landed_formats() %}

    union all

    select
        d.format,
        d.file_id,
        d.row_number,
        d.disposition,
        d.reason,
        {{ 'cast(coalesce(r.amount, 0) as decimal(18, 2))' if landed.amount else 'cast(0 as decimal(18, 2))' }} as amount,
        {{ json_object(landed.columns) }} as raw
    from dispositions as d
    inner join {{ ref(landed.staging) }} as r
        on d.file_id = r.file_id and d.row_number = r.row_number and d.format = '{{ landed.format }}'
    {%- endfor %}

),

final as (

    select
        cast(f.source as {{ dbt.type_string() }}) as source,
        cast(f.source_file as {{ dbt.type_string() }}) as source_file,
        cast(r.format as {{ dbt.type_string() }}) as format,
        cast(r.file_id as bigint) as file_id,
        cast(r.row_number as bigint) as row_number,
        cast(r.disposition as {{ dbt.type_string() }}) as disposition,
        cast(r.reason as {{ dbt.type_string() }}) as reason,
        cast(r.amount as decimal(18, 2)) as amount,
        cast(r.raw as {{ dbt.type_string() }}) as raw
    from removed as r
    inner join files as f on r.file_id = f.file_id

)

select * from final
