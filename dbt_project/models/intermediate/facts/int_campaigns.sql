with dispositions as (

    select * from {{ ref('int_row_dispositions') }}

),

unified as (

    {% for landed in landed_formats('campaigns') -%}
    select
        '{{ landed.format }}' as format,
        r.file_id,
        r.row_number,
        r.source,
        r.source_campaign_id,
        r.campaign_name,
        r.channel,
        r.campaign_type,
        r.started_at,
        r.ended_at,
        r.campaign_cost,
        r.holdout_share,
        r.holdout_salt
    from ({{ kept_rows(ref(landed.staging), 'dispositions', landed.format) }}) as r
    {{ "union all" if not loop.last }}
    {% endfor %}
)

select * from unified
