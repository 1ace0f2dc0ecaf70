with files as (

    select * from {{ ref('stg_raw__ingested_files') }}

),

landed as (

    select * from {{ ref('int_landed_rows') }}

),

rules as (

    select * from {{ ref('source_rules') }}

),

sources as (

    select source from files where source is not null
    union
    -- A mapped file may hold several shops.
    select source from landed where source is not null

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
