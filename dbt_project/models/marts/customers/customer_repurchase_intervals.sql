with purchases as (

    select * from {{ ref('int_purchases') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

-- Two orders of one day say nothing about a rhythm.
intervals as (

    select
        customer_id,
        purchase_date,
        interval_days
    from purchases
    where interval_days > 0

),

measured as (

    select
        customer_id,
        count(*) as intervals,
        median(interval_days) as median_interval_days,
        sum(interval_days) as interval_days,
        min(interval_days) as shortest_interval_days,
        max(interval_days) as longest_interval_days,
        max(purchase_date) as last_purchase_date
    from intervals
    group by customer_id

),

expected as (

    select
        m.*,
        {{ add_days('m.last_purchase_date', 'ceil(m.median_interval_days)') }} as next_purchase_expected_on
    from measured as m

),

final as (

    select
        cast(a.as_of_date as date) as as_of_date,
        cast(e.customer_id as {{ dbt.type_string() }}) as customer_id,
        cast(e.intervals + 1 as bigint) as purchase_days,
        cast(e.intervals as bigint) as intervals,
        cast(e.median_interval_days as double) as median_interval_days,
        cast(e.interval_days as double) / e.intervals as mean_interval_days,
        cast(e.shortest_interval_days as bigint) as shortest_interval_days,
        cast(e.longest_interval_days as bigint) as longest_interval_days,
        cast(e.last_purchase_date as date) as last_purchase_date,
        cast(e.next_purchase_expected_on as date) as next_purchase_expected_on,
        cast(
            case
                when a.as_of_date > e.next_purchase_expected_on
                    then {{ days_between('e.next_purchase_expected_on', 'a.as_of_date') }}
                else 0
            end as bigint
        ) as days_overdue
    from expected as e
    cross join as_of as a

)

select * from final
