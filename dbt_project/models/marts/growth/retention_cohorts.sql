with purchases as (

    select * from {{ ref('int_purchases') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

calendar as (

    select * from {{ ref('int_calendar') }}

),

first_months as (

    select customer_id, cast({{ dbt.date_trunc('month', 'min(purchase_date)') }} as date) as cohort_month
    from purchases
    group by customer_id

),

cohort_sizes as (

    select cohort_month, count(*) as cohort_size
    from first_months
    group by cohort_month

),

months as (

    select distinct cast({{ dbt.date_trunc('month', 'calendar_date') }} as date) as activity_month
    from calendar

),

activity as (

    select
        f.cohort_month,
        cast({{ dbt.date_trunc('month', 'p.purchase_date') }} as date) as activity_month,
        count(distinct p.customer_id) as active_customers,
        sum(p.net_amount) as net_revenue
    from purchases as p
    inner join first_months as f on p.customer_id = f.customer_id
    group by f.cohort_month, cast({{ dbt.date_trunc('month', 'p.purchase_date') }} as date)

),

final as (

    select
        cast(a.as_of_date as date) as as_of_date,
        cast(s.cohort_month as date) as cohort_month,
        {{ months_between_dates('s.cohort_month', 'm.activity_month') }} as month_number,
        cast(s.cohort_size as bigint) as cohort_size,
        cast(coalesce(t.active_customers, 0) as bigint) as active_customers,
        cast(coalesce(t.active_customers, 0) as double) / s.cohort_size as retention_rate,
        cast(coalesce(t.net_revenue, 0) as decimal(18, 2)) as net_revenue
    from cohort_sizes as s
    cross join as_of as a
    inner join months as m on s.cohort_month <= m.activity_month
    left join activity as t on s.cohort_month = t.cohort_month and m.activity_month = t.activity_month

)

select * from final
