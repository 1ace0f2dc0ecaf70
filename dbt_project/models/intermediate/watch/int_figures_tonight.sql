with as_of as (

    select * from {{ ref('int_as_of') }} where as_of_date is not null

),

marts as (

    select * from {{ ref('mart_status') }}

),

files as (

    select * from {{ ref('ingested_files') }} where status = 'loaded' and format is not null

),

orders_of_the_day as (

    select o.*
    from {{ ref('fct_orders') }} as o
    inner join as_of as a on o.order_date = a.as_of_date

),

segments as (

    select segment from {{ ref('customer_rfm') }}

),

states as (

    select state from {{ ref('customer_lifecycle') }}

),

mart_rows as (

    select
        case when left(mart, 4) in ('fct_', 'dim_') then 'fact_rows' else 'mart_rows' end as measure,
        mart as subject,
        '' as part,
        rows as value,
        rows as base
    from marts

),

rows_held as (

    select
        'rows_held' as measure,
        format as subject,
        '' as part,
        sum(rows) as value,
        sum(rows) as base
    from files
    group by format

),

unknown_customers as (

    select
        'unknown_customers' as measure,
        source as subject,
        '' as part,
        avg(case when customer_id is null then 1 else 0 end) as value,
        count(*) as base
    from orders_of_the_day
    group by source

),

order_values as (

    select
        'average_order_value' as measure,
        source as subject,
        '' as part,
        {{ mean_of_decimals('net_amount') }} as value,
        count(*) as base
    from orders_of_the_day
    where is_purchase
    group by source

),

labels as (

    select
        'customers' as measure,
        'segment' as subject,
        segment as part,
        count(*) as value
    from segments
    group by segment

    union all

    select
        'customers' as measure,
        'lifecycle' as subject,
        state as part,
        count(*) as value
    from states
    group by state

),

figures as (

    select * from mart_rows
    union all
    select * from rows_held
    union all
    select * from unknown_customers
    union all
    select * from order_values
    union all
    select
        measure,
        subject,
        part,
        value,
        sum(value) over (partition by subject) as base
    from labels

),

final as (

    select
        a.as_of_date,
        f.measure,
        f.subject,
        f.part,
        cast(f.value as double) as value,
        cast(f.base as bigint) as base
    from figures as f
    cross join as_of as a

)

select * from final
