with purchases as (

    select * from {{ ref('int_purchases') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

steps as (

    select 1 as step, 2 as next_step
    union all
    select 2 as step, 3 as next_step
    union all
    select 3 as step, 5 as next_step
    union all
    select 5 as step, cast(null as int) as next_step

),

-- A customer stands on a step with the purchase of that number.
reached as (

    select
        s.step,
        count(*) as customers,
        {{ mean_of_decimals('p.net_amount') }} as average_order_value,
        median({{ days_between('p.purchase_date', 'n.purchase_date') }}) as median_days_to_next
    from steps as s
    inner join purchases as p on s.step = p.purchase_number
    left join purchases as n on p.customer_id = n.customer_id and s.next_step = n.purchase_number
    group by s.step

),

complete as (

    select
        s.step,
        coalesce(r.customers, 0) as customers,
        r.average_order_value,
        r.median_days_to_next
    from steps as s
    left join reached as r on s.step = r.step

),

final as (

    select
        cast(a.as_of_date as date) as as_of_date,
        cast(c.step as bigint) as step,
        cast(c.customers as bigint) as customers,
        cast(
            cast(c.customers as double)
            / nullif(lag(c.customers) over (order by c.step), 0) as double
        ) as share_of_previous_step,
        {{ half_up('c.average_order_value', 18, 2) }} as average_order_value,
        cast(c.median_days_to_next as double) as median_days_to_next
    from complete as c
    -- Without any order there is no date, and no funnel.
    inner join as_of as a on a.as_of_date is not null

)

select * from final
