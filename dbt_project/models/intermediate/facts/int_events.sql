{{ config(materialized='view') }}

with dispositions as (

    select * from {{ ref('int_row_dispositions') }}

),

unified as (

    {% for landed in landed_formats('events') -%}
    select
        '{{ landed.format }}' as format,
        r.file_id,
        r.row_number,
        r.source,
        r.record_id,
        r.source_customer_id,
        r.event_at,
        r.event_type,
        r.source_product_id,
        r.session_id,
        r.channel
    from ({{ kept_rows(ref(landed.staging), 'dispositions', landed.format) }}) as r
    {{ "union all" if not loop.last }}
    {% endfor %}
)

select * from unified
