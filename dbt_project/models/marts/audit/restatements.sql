with versions as (

    select * from {{ ref('int_order_versions') }}

),

files as (

    select * from {{ ref('int_file_versions') }}

),

source_orders as (

    select * from {{ ref('int_orders') }}

),

refunds as (

    select * from {{ ref('int_refunds') }} where state = 'succeeded'

),

dated as (

    select
        v.source,
        v.source_order_id,
        v.file_id,
        v.gross_amount,
        f.batch_id,
        o.order_date,
        lag(v.gross_amount) over (
            partition by v.source, v.source_order_id
            order by f.file_version
        ) as earlier_amount,
        lag(f.batch_id) over (
            partition by v.source, v.source_order_id
            order by f.file_version
        ) as earlier_batch_id,
        row_number() over (
            partition by v.source, v.source_order_id
            order by f.batch_id, f.file_version
        ) as arrival
    from versions as v
    inner join files as f on v.file_id = f.file_id
    inner join source_orders as o on v.source = o.source and v.source_order_id = o.source_order_id

),

-- Up to which day a source's orders were known after each load.
days_of_batch as (

    select source, batch_id, max(order_date) as last_order_date
    from dated
    group by source, batch_id

),

known as (

    select
        source,
        batch_id,
        max(last_order_date) over (
            partition by source
            order by batch_id
            rows between unbounded preceding and 1 preceding
        ) as known_until
    from days_of_batch

),

first_known as (

    select source, source_order_id, order_date, min(batch_id) as batch_id
    from dated
    group by source, source_order_id, order_date

),

restating as (

    -- A later load brought a newer export of an order that earlier facts were made of.
    select
        file_id,
        'newer_export' as cause,
        order_date,
        1 as orders,
        earlier_amount as amount_before,
        gross_amount as amount_after
    from dated
    where earlier_batch_id < batch_id

    union all

    -- An order came of a day that earlier facts had already counted.
    select
        d.file_id,
        'late_order' as cause,
        d.order_date,
        1 as orders,
        0 as amount_before,
        d.gross_amount as amount_after
    from dated as d
    inner join known as k on d.source = k.source and d.batch_id = k.batch_id
    where d.arrival = 1 and d.order_date <= k.known_until

    union all

    -- Money went back of an order that earlier facts had counted in full.
    select
        r.file_id,
        'late_refund' as cause,
        o.order_date,
        1 as orders,
        0 as amount_before,
        -r.amount as amount_after
    from refunds as r
    inner join files as f on r.file_id = f.file_id
    inner join first_known as o on r.source = o.source and r.source_order_id = o.source_order_id
    where o.batch_id < f.batch_id

),

grouped as (

    select
        file_id,
        cause,
        order_date,
        sum(orders) as orders,
        sum(amount_before) as amount_before,
        sum(amount_after) as amount_after
    from restating
    group by file_id, cause, order_date

),

final as (

    select
        cast(f.source as {{ dbt.type_string() }}) as source,
        cast(f.source_file as {{ dbt.type_string() }}) as source_file,
        cast(g.file_id as bigint) as file_id,
        cast(f.batch_id as bigint) as batch_id,
        cast(f.exported_at as timestamp) as exported_at,
        cast(g.cause as {{ dbt.type_string() }}) as cause,
        cast(g.order_date as date) as order_date,
        cast(g.orders as bigint) as orders,
        cast(g.amount_before as decimal(18, 2)) as amount_before,
        cast(g.amount_after as decimal(18, 2)) as amount_after,
        cast(g.amount_after - g.amount_before as decimal(18, 2)) as difference
    from grouped as g
    inner join files as f on g.file_id = f.file_id

)

select * from final
