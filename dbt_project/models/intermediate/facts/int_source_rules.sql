with files as (

    select * from {{ ref('stg_raw__ingested_files') }}

),

mapped_sources as (

    {%- for relation in ['stg_mapped__orders', 'stg_mapped__order_lines', 'stg_mapped__customers', 'stg_mapped__products'] %}
    select distinct source from {{ ref(relation) }}
    {{ 'union' if not loop.last }}
    {%- endfor %}

),

rules as (

    select * from {{ ref('source_rules') }}

),

sources as (

    select distinct source from files where source is not null
    union
    select source from mapped_sources

),

final as (

    select
        s.source,
        coalesce(own.duplicate_rule, fallback.duplicate_rule) as duplicate_rule,
        cast(coalesce(own.line_quantity_maximum, fallback.line_quantity_maximum) as decimal(18, 2)) as line_quantity_maximum,
        cast(coalesce(own.line_amount_maximum, fallback.line_amount_maximum) as decimal(18, 2)) as line_amount_maximum,
        cast(coalesce(own.order_amount_maximum, fallback.order_amount_maximum) as decimal(18, 2)) as order_amount_maximum
    from sources as s
    inner join rules as fallback on fallback.source = 'default'
    left join rules as own on s.source = own.source

)

select * from final
