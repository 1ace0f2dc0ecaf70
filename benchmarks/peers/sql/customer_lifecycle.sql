with aged as (

    select
        b.as_of_date,
        c.customer_id,
        cast(c.first_order_at as date) as known_since,
        p.frequency,
        p.first_purchase_date,
        p.last_purchase_date,
        date_diff('day', p.last_purchase_date, b.as_of_date) as days_since_last_purchase,
        p.median_interval_days,
        case
            when p.frequency = 1 then 'new'
            when p.last_interval_days > b.sleeping_after_days then 'reactivated'
            else 'active'
        end as event_state,
        p.latest_begin.begins_on as begins_on,
        p.latest_begin.state_before as state_before,
        case when p.purchase_days >= 3
            then date_diff('day', p.last_purchase_date, b.as_of_date) / p.median_interval_days end as cycle_ratio,
        b.silent_after_days,
        b.sleeping_after_days,
        b.churned_after_days
    from core.dim_customers as c
    cross join core.lifecycle_boundaries as b
    left join core.customer_purchases as p on c.customer_id = p.customer_id

),

stated as (

    select
        a.*,
        case
            when a.frequency is null then 'prospect'
            when a.days_since_last_purchase > a.churned_after_days then 'churned'
            when a.days_since_last_purchase > a.sleeping_after_days then 'sleeping'
            when a.days_since_last_purchase > a.silent_after_days then 'silent'
            else a.event_state
        end as state
    from aged as a

)

select
    s.as_of_date,
    s.customer_id,
    s.state,
    case s.state
        when 'prospect' then s.known_since
        when 'churned' then s.last_purchase_date + cast(s.churned_after_days + 1 as integer)
        when 'sleeping' then s.last_purchase_date + cast(s.sleeping_after_days + 1 as integer)
        when 'silent' then s.last_purchase_date + cast(s.silent_after_days + 1 as integer)
        else s.begins_on
    end as state_since,
    case s.state
        when 'churned' then 'sleeping'
        when 'sleeping' then 'silent'
        when 'silent' then s.event_state
        else s.state_before
    end as previous_state,
    coalesce(s.frequency, 0) as purchases,
    s.first_purchase_date,
    s.last_purchase_date,
    s.days_since_last_purchase,
    s.median_interval_days,
    case
        when s.cycle_ratio > 3 then 'churned'
        when s.cycle_ratio > 2 then 'sleeping'
        when s.cycle_ratio > 1 then 'silent'
        when s.cycle_ratio is not null then 'active'
    end as cycle_state
from stated as s
