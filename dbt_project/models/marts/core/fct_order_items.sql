{{ config(materialized='incremental', incremental_strategy='replace_scope', unique_key='order_id', on_schema_change='fail',
          meta={'scope': 'int_touched_facts'}) }}
with items as (

    select * from {{ ref('int_order_items') }}

),

orders as (

    select * from {{ ref('int_orders') }}
    where {{ in_scope('order_id', 'int_touched_facts') }}

),

products as (

    select * from {{ ref('int_products') }}

),

bounds as (

    select * from {{ ref('int_outlier_bounds') }} where measure = 'line'

),

priced as (

    select
        o.order_id,
        o.order_date,
        i.line_number,
        p.product_id,
        i.quantity,
        i.unit_price,
        i.gross_amount,
        i.discount_amount,
        case
            when o.status in ('unpaid', 'cancelled') then 0
            -- The order's own record says that everything went back; its lines cannot say otherwise.
            when o.has_order_record and o.status = 'refunded' then 0
            else i.paid_amount - i.refunded_amount
        end as net_amount,
        {{ is_outlying_line('i.quantity', 'i.gross_amount', 'b') }} as is_outlier
    from items as i
    inner join orders as o on i.source = o.source and i.source_order_id = o.source_order_id
    left join products as p on i.source = p.source and i.source_product_id = p.source_product_id
    left join bounds as b on i.source = b.source

),

final as (

    select
        cast(order_id || '-' || cast(line_number as {{ dbt.type_string() }}) as {{ dbt.type_string() }}) as order_item_id,
        cast(order_id as {{ dbt.type_string() }}) as order_id,
        cast(order_date as date) as order_date,
        cast(line_number as bigint) as line_number,
        cast(product_id as {{ dbt.type_string() }}) as product_id,
        cast(quantity as decimal(18, 3)) as quantity,
        cast(unit_price as decimal(18, 4)) as unit_price,
        cast(gross_amount as decimal(18, 2)) as gross_amount,
        cast(discount_amount as decimal(18, 2)) as discount_amount,
        cast(net_amount as decimal(18, 2)) as net_amount,
        cast(is_outlier as boolean) as is_outlier
    from priced

)

select * from final
