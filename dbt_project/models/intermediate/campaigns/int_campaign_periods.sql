with campaigns as (

    select * from {{ ref('dim_campaigns') }}
    where start_date <= end_date

),

calendar as (

    select * from {{ ref('int_calendar') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

data_range as (

    select * from {{ ref('int_data_range') }}

),

-- What has been seen of the campaign itself.
own as (

    select
        c.campaign_id,
        c.start_date as starts_on,
        least(c.end_date, a.as_of_date) as ends_on,
        {{ days_between('c.start_date', 'least(c.end_date, a.as_of_date)') }} + 1 as days
    from campaigns as c
    inner join as_of as a on c.start_date <= a.as_of_date

),

-- As many days, whole weeks earlier, and over before the campaign begins.
earlier as (

    select
        o.campaign_id,
        d.calendar_date as starts_on,
        {{ add_days('d.calendar_date', 'o.days - 1') }} as ends_on,
        o.days,
        row_number() over (partition by o.campaign_id order by d.calendar_date desc) as period_number
    from own as o
    inner join calendar as d
        on
            {{ days_between('d.calendar_date', 'o.starts_on') }} >= o.days
            and mod({{ days_between('d.calendar_date', 'o.starts_on') }}, 7) = 0
    inner join data_range as r
        on d.calendar_date >= {{ add_days('r.first_order_date', var('campaign_minimum_history_days')) }}

),

final as (

    select
        campaign_id,
        cast(0 as bigint) as period_number,
        starts_on,
        ends_on,
        days
    from own

    union all

    select
        campaign_id,
        period_number,
        starts_on,
        ends_on,
        days
    from earlier
    where period_number <= {{ var('campaign_placebo_windows') }}

)

select * from final
