{{ config(materialized='incremental', incremental_strategy='replace_scope', unique_key='source_order_id', on_schema_change='fail',
          meta={'scope': 'int_touched_settlements'}) }}
with records as (

    select * from {{ ref('int_order_records') }}
    where {{ in_scope('source_order_id', 'int_touched_settlements') }}

),

items as (

    select * from {{ ref('int_order_items') }}
    where {{ in_scope('source_order_id', 'int_touched_settlements') }}

),

rules as (

    select * from {{ ref('int_source_rules') }}

),

-- What refund exports say went back of an order.
refunds as (

    select
        source,
        source_order_id,
        sum(amount) as amount
    from {{ ref('int_refunds') }}
    where state = 'succeeded'
    group by source, source_order_id

),

-- One row per order that has lines. A quantity above the source's bound is a measure (fuel), not a number of pieces:
-- the line then counts as one piece.
line_totals as (

    select
        i.source,
        i.source_order_id,
        max(i.shop) as shop,
        max(i.source_customer_id) as source_customer_id,
        min(i.ordered_at) as ordered_at,
        max(i.country) as country,
        max(case when i.line_number = 1 then i.status end) as first_status,
        min(case when i.is_credit then 1 else 0 end) = 1 as is_credit_note,
        min(case when i.status in ('unpaid', 'cancelled') or i.is_credit then 1 else 0 end) = 1 as is_without_payment,
        sum(i.gross_amount) as gross_amount,
        sum(i.discount_amount) as discount_amount,
        sum(i.freight_amount) as freight_amount,
        sum(i.paid_amount) as paid_amount,
        sum(i.refunded_amount) as refunded_amount,
        sum(
            case
                when i.is_credit then 0
                when i.quantity between 1 and r.line_quantity_maximum then i.quantity
                else 1
            end
        ) as item_count
    from items as i
    left join rules as r on i.source = r.source
    group by i.source, i.source_order_id

),

from_records as (

    select
        r.source,
        coalesce(r.shop, l.shop) as shop,
        r.source_order_id,
        coalesce(r.source_customer_id, l.source_customer_id) as source_customer_id,
        r.email_key,
        r.phone_key,
        r.name_address_key,
        r.ordered_at,
        r.paid_at,
        r.exported_status,
        false as is_credit_note,
        -- A record that names no amount is worth what its lines are.
        r.gross_amount is not null as has_own_amount,
        coalesce(r.gross_amount, l.gross_amount) as gross_amount,
        case when r.gross_amount is null then coalesce(l.discount_amount, 0) else r.discount_amount end as discount_amount,
        case when r.gross_amount is null then coalesce(l.freight_amount, 0) else r.freight_amount end as freight_amount,
        case
            when r.gross_amount is not null then r.paid_amount
            when r.exported_status in ('unpaid', 'cancelled') then 0
            else coalesce(l.paid_amount, 0)
        end as paid_amount,
        case
            when r.gross_amount is not null then r.refunded_amount
            when r.exported_status in ('unpaid', 'cancelled') then 0
            when r.exported_status = 'refunded' then coalesce(l.paid_amount, 0)
            else coalesce(l.refunded_amount, 0)
        end as exported_refunded_amount,
        coalesce(r.item_count, l.item_count) as item_count,
        r.channel,
        r.country,
        r.province,
        r.city,
        r.coupon_code
    from records as r
    left join line_totals as l on r.source = l.source and r.source_order_id = l.source_order_id

),

from_lines as (

    select
        l.source,
        l.shop,
        l.source_order_id,
        l.source_customer_id,
        cast(null as {{ dbt.type_string() }}) as email_key,
        cast(null as {{ dbt.type_string() }}) as phone_key,
        cast(null as {{ dbt.type_string() }}) as name_address_key,
        l.ordered_at,
        cast(null as timestamp) as paid_at,
        case
            when l.is_credit_note then 'refunded'
            when l.is_without_payment then l.first_status
            when l.first_status in ('unpaid', 'cancelled') then 'completed'
            else l.first_status
        end as exported_status,
        l.is_credit_note,
        false as has_own_amount,
        l.gross_amount,
        l.discount_amount,
        l.freight_amount,
        l.paid_amount,
        l.refunded_amount as exported_refunded_amount,
        l.item_count,
        cast(null as {{ dbt.type_string() }}) as channel,
        l.country,
        cast(null as {{ dbt.type_string() }}) as province,
        cast(null as {{ dbt.type_string() }}) as city,
        cast(null as {{ dbt.type_string() }}) as coupon_code
    from line_totals as l
    left join records as r on l.source = r.source and l.source_order_id = r.source_order_id
    where r.source_order_id is null

),

unified as (

    select *, true as has_order_record from from_records
    union all
    select *, false as has_order_record from from_lines

),

-- An order export made before a refund does not know of it, a refund export does. A refund in both counts once, and no
-- more goes back than was paid.
restated as (

    select
        u.*,
        cast(coalesce(f.amount, 0) as decimal(18, 2)) as itemised_refund_amount,
        cast(
            case
                when f.amount > u.exported_refunded_amount
                    then greatest(u.exported_refunded_amount, least(f.amount, u.paid_amount))
                else u.exported_refunded_amount
            end as decimal(18, 2)
        ) as refunded_amount
    from unified as u
    left join refunds as f on u.source = f.source and u.source_order_id = f.source_order_id

),

-- Order numbers are the sources' own; only where two sources use the same number does the source stand before it.
shared_ids as (

    select source_order_id
    from restated
    group by source_order_id
    having count(*) > 1

),

final as (

    select
        case when s.source_order_id is not null then u.source || ':' || u.source_order_id else u.source_order_id end
            as order_id,
        u.*,
        case
            when u.exported_status in ('unpaid', 'cancelled') then u.exported_status
            when u.refunded_amount > 0 and u.refunded_amount >= u.paid_amount then 'refunded'
            when u.refunded_amount > 0 then 'partially_refunded'
            when u.exported_status in ('refunded', 'partially_refunded') and not u.is_credit_note then 'completed'
            else u.exported_status
        end as status,
        u.paid_amount - u.refunded_amount as net_amount,
        cast(coalesce(u.paid_at, u.ordered_at) as date) as order_date
    from restated as u
    left join shared_ids as s on u.source_order_id = s.source_order_id

)

select * from final
