with dispositions as (

    select * from {{ ref('int_row_dispositions') }}

),

unified as (

    {% for landed in landed_formats('campaign_members') -%}
    select
        '{{ landed.format }}' as format,
        r.file_id,
        r.row_number,
        r.source,
        r.source_campaign_id,
        r.source_customer_id,
        r.variant,
        r.is_holdout,
        r.reached_at,
        r.opened_at,
        r.clicked_at,
        r.contact_cost
    from ({{ kept_rows(ref(landed.staging), 'dispositions', landed.format) }}) as r
    {{ "union all" if not loop.last }}
    {% endfor %}
)

select * from unified
