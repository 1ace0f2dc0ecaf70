with purchases as (

    select * from {{ ref('int_purchases') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

calendar as (

    select * from {{ ref('int_calendar') }}

),

first_purchases as (

    select
        customer_id,
        min(purchase_date) as first_date,
        cast({{ dbt.date_trunc('month', 'min(purchase_date)') }} as date) as cohort_month
    from purchases
    group by customer_id

),

first_dates as (

    select
        cohort_month,
        first_date,
        count(*) as customers
    from first_purchases
    group by cohort_month, first_date

),

cohort_sizes as (

    select cohort_month, sum(customers) as cohort_size
    from first_dates
    group by cohort_month

),

-- Every thirtieth day from the first on ends a period of whoever bought on the first day.
numbered_days as (

    select row_number() over (order by calendar_date) as day_number
    from calendar

),

periods as (

    select cast(day_number / 30 as bigint) - 1 as period_number
    from numbered_days
    where mod(day_number, 30) = 0

),

eligible as (

    select
        f.cohort_month,
        p.period_number,
        sum(f.customers) as eligible_customers
    from first_dates as f
    cross join as_of as a
    inner join periods as p
        on {{ days_between('f.first_date', 'a.as_of_date') }} + 1 >= 30 * (p.period_number + 1)
    group by f.cohort_month, p.period_number

),

numbered as (

    select
        f.cohort_month,
        p.customer_id,
        p.net_amount,
        {{ days_between('f.first_date', 'p.purchase_date') }} as days_since_first,
        {{ days_between('f.first_date', 'a.as_of_date') }} + 1 as observed_days
    from purchases as p
    inner join first_purchases as f on p.customer_id = f.customer_id
    cross join as_of as a

),

placed as (

    select
        cohort_month,
        customer_id,
        net_amount,
        observed_days,
        cast((days_since_first - mod(days_since_first, 30)) / 30 as bigint) as period_number
    from numbered

),

activity as (

    select
        cohort_month,
        period_number,
        count(distinct customer_id) as active_customers,
        sum(net_amount) as net_revenue
    from placed
    where observed_days >= 30 * (period_number + 1)
    group by cohort_month, period_number

),

final as (

    select
        cast(a.as_of_date as date) as as_of_date,
        cast(e.cohort_month as date) as cohort_month,
        cast(e.period_number as bigint) as period_number,
        cast(s.cohort_size as bigint) as cohort_size,
        cast(e.eligible_customers as bigint) as eligible_customers,
        cast(coalesce(t.active_customers, 0) as bigint) as active_customers,
        cast(cast(coalesce(t.active_customers, 0) as double) / e.eligible_customers as double) as retention_rate,
        cast(coalesce(t.net_revenue, 0) as decimal(18, 2)) as net_revenue
    from eligible as e
    inner join cohort_sizes as s on e.cohort_month = s.cohort_month
    cross join as_of as a
    left join activity as t on e.cohort_month = t.cohort_month and e.period_number = t.period_number

)

select * from final
