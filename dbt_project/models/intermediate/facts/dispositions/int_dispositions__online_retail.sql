with rows_read as (

    select * from {{ ref('stg_online_retail__lines') }}

),

rules as (

    select * from {{ ref('int_source_rules') }}

),

non_sale_codes as (

    select * from {{ ref('non_sale_codes') }} where source = 'online_retail'

),

unusable as (
{{ unusable_rows('rows_read', ['source_order_id', 'source_product_id', 'quantity', 'unit_price']) }}
),

usable_rows as (
{{ usable('rows_read', ['source_order_id', 'source_product_id', 'quantity', 'unit_price']) }}
),

overlapping as (
{{ overlapping_documents('usable_rows', 'source_product_id') }}
),

duplicates as (
{{ duplicate_lines('usable_rows', 'rules') }}
),

duplicates_only as (
{{ first_disposition('duplicates', ['overlapping']) }}
),

not_sold as (

    select
        r.file_id,
        r.row_number,
        coalesce(c.disposition, 'not_a_sale') as disposition,
        case
            when c.reason is not null then 'code ' || c.product_code || ': ' || c.reason
            when r.is_bad_debt then 'invoice number starts with A: bad debt'
            else 'quantity below 0 and price 0: a stock adjustment'
        end as reason
    from usable_rows as r
    left join non_sale_codes as c on r.source_product_id = c.product_code
    where c.product_code is not null or r.is_bad_debt or (r.quantity < 0 and r.unit_price = 0)

),

not_sold_only as (
{{ first_disposition('not_sold', ['overlapping', 'duplicates']) }}
),

final as (

    select * from unusable
    union all
    select * from overlapping
    union all
    select * from duplicates_only
    union all
    select * from not_sold_only

)

select
    'online_retail' as format,
    file_id,
    row_number,
    disposition,
    reason
from final
