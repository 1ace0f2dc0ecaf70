with dispositions as (

    select * from {{ ref('int_row_dispositions') }}

),

unified as (

    {% for landed in landed_formats('product_costs') -%}
    select
        '{{ landed.format }}' as format,
        r.file_id,
        r.row_number,
        r.source,
        r.record_id,
        r.source_product_id,
        r.unit_cost,
        r.valid_from,
        r.valid_to
    from ({{ kept_rows(ref(landed.staging), 'dispositions', landed.format) }}) as r
    {{ "union all" if not loop.last }}
    {% endfor %}
)

select * from unified
