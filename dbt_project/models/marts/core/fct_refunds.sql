with refunds as (

    select * from {{ ref('int_refunds') }}

),

source_orders as (

    select * from {{ ref('int_orders') }}

),

orders as (

    select * from {{ ref('fct_orders') }}

),

products as (

    select * from {{ ref('int_products') }}

),

reasons as (

    select * from {{ ref('int_refund_reasons') }}

),

-- Refund numbers are the sources' own; only where two sources use the same number does the source stand before it.
shared_ids as (

    select record_id
    from refunds
    group by record_id
    having min(source) < max(source)

),

itemised as (

    select
        case when i.record_id is not null then r.source || ':' || r.record_id else r.record_id end as refund_id,
        r.source,
        r.source_order_id,
        s.order_id,
        p.product_id,
        r.refunded_at,
        r.state,
        r.amount as requested_amount,
        case when r.state = 'succeeded' then r.amount else 0 end as returned_amount,
        o.refunded_amount as order_refunded_amount,
        r.refund_reason
    from refunds as r
    left join shared_ids as i on r.record_id = i.record_id
    left join source_orders as s on r.source = s.source and r.source_order_id = s.source_order_id
    left join orders as o on s.order_id = o.order_id
    left join products as p on r.source = p.source and r.source_product_id = p.source_product_id

),

running as (

    select
        *,
        sum(returned_amount) over (
            partition by source, source_order_id
            order by refunded_at asc nulls last, refund_id asc
            rows between unbounded preceding and current row
        ) as returned_so_far
    from itemised

),

-- No more went back of an order than was paid; what a refund export says beyond that stands in requested_amount.
capped as (

    select
        *,
        case
            when order_id is null then returned_amount
            else greatest(0, least(returned_amount, order_refunded_amount - (returned_so_far - returned_amount)))
        end as amount
    from running

),

explained as (

    select order_id, sum(amount) as amount
    from capped
    where order_id is not null
    group by order_id

),

-- What an order export or a credit line says went back and no refund export itemises.
unexplained as (

    select
        o.order_id || ':export' as refund_id,
        o.source,
        s.source_order_id,
        o.order_id,
        o.refunded_amount - coalesce(e.amount, 0) as amount
    from orders as o
    inner join source_orders as s on o.order_id = s.order_id
    left join explained as e on o.order_id = e.order_id
    where o.refunded_amount <> coalesce(e.amount, 0)

),

unified as (

    select
        refund_id,
        source,
        source_order_id,
        order_id,
        product_id,
        refunded_at,
        state,
        requested_amount,
        amount,
        refund_reason,
        true as is_itemised
    from capped

    union all

    select
        refund_id,
        source,
        source_order_id,
        order_id,
        cast(null as {{ dbt.type_string() }}) as product_id,
        cast(null as timestamp) as refunded_at,
        'succeeded' as state,
        amount as requested_amount,
        amount,
        cast(null as {{ dbt.type_string() }}) as refund_reason,
        false as is_itemised
    from unexplained

),

final as (

    select
        cast(u.refund_id as {{ dbt.type_string() }}) as refund_id,
        cast(u.order_id as {{ dbt.type_string() }}) as order_id,
        cast(u.source as {{ dbt.type_string() }}) as source,
        cast(u.source_order_id as {{ dbt.type_string() }}) as source_order_id,
        cast(u.product_id as {{ dbt.type_string() }}) as product_id,
        cast(u.refunded_at as timestamp) as refunded_at,
        cast(u.state as {{ dbt.type_string() }}) as state,
        cast(u.amount as decimal(18, 2)) as amount,
        cast(u.requested_amount as decimal(18, 2)) as requested_amount,
        cast(u.refund_reason as {{ dbt.type_string() }}) as reason,
        cast(r.reason_code as {{ dbt.type_string() }}) as reason_code,
        cast(u.is_itemised as boolean) as is_itemised
    from unified as u
    left join reasons as r on u.refund_reason = r.refund_reason

)

select * from final
