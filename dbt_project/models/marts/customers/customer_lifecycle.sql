with customers as (

    select * from {{ ref('dim_customers') }}

),

purchases as (

    select * from {{ ref('int_purchases') }}

),

totals as (

    select * from {{ ref('int_customer_purchases') }}

),

boundaries as (

    select * from {{ ref('int_lifecycle_boundaries') }}

),

-- What each purchase made of its customer at that moment.
events as (

    select
        p.customer_id,
        p.purchase_number,
        p.purchase_date,
        p.interval_days,
        {{ state_by_purchase('p.purchase_number', 'p.interval_days', 'b') }} as event_state,
        -- The state just before this purchase, from the days that had passed.
        {{ state_by_days('p.interval_days', 'b') }} as decayed_state
    from purchases as p
    cross join boundaries as b

),

chained as (

    select
        *,
        lag(event_state) over (partition by customer_id order by purchase_number) as earlier_event_state
    from events

),

-- A state begins where the purchase's state differs from the one before or the customer had fallen silent between.
begins as (

    select
        customer_id,
        purchase_number,
        purchase_date as begins_on,
        case
            when purchase_number > 1 then coalesce(decayed_state, earlier_event_state)
        end as state_before,
        row_number() over (partition by customer_id order by purchase_number desc) as latest_rank
    from chained
    where
        purchase_number = 1
        or event_state <> earlier_event_state
        or decayed_state is not null

),

latest_event as (

    select
        customer_id,
        event_state,
        row_number() over (partition by customer_id order by purchase_number desc) as latest_rank
    from events

),

known as (

    select
        c.customer_id,
        {{ known_since('c') }} as known_since
    from customers as c

),

judged as (

    select
        b.as_of_date,
        k.customer_id,
        k.known_since,
        coalesce(t.purchases, 0) as purchases,
        t.purchase_days,
        t.first_purchase_date,
        t.last_purchase_date,
        {{ days_between('t.last_purchase_date', 'b.as_of_date') }} as days_since_last_purchase,
        t.median_interval_days,
        e.event_state,
        g.begins_on,
        g.state_before,
        b.silent_after_days,
        b.sleeping_after_days,
        b.churned_after_days,
        b.is_from_own_intervals
    from known as k
    cross join boundaries as b
    left join totals as t on k.customer_id = t.customer_id
    left join latest_event as e on k.customer_id = e.customer_id and e.latest_rank = 1
    left join begins as g on k.customer_id = g.customer_id and g.latest_rank = 1
    -- Whoever is first heard of after the as-of date is not a customer yet.
    -- Without any order there is no date, and no state on it.
    where b.as_of_date is not null and (k.known_since is null or k.known_since <= b.as_of_date)

),

stated as (

    select
        j.*,
        case
            when j.purchases = 0 then 'prospect'
            else coalesce({{ state_by_days('j.days_since_last_purchase', 'j') }}, j.event_state)
        end as state,
        case
            when j.purchase_days >= {{ var('cycle_minimum_purchases') }}
                then j.days_since_last_purchase / j.median_interval_days
        end as cycle_ratio
    from judged as j

),

final as (

    select
        cast(as_of_date as date) as as_of_date,
        cast(customer_id as {{ dbt.type_string() }}) as customer_id,
        cast(state as {{ dbt.type_string() }}) as state,
        cast(
            case
                when state = 'prospect' then known_since
                when state = 'churned' then {{ add_days('last_purchase_date', 'churned_after_days + 1') }}
                when state = 'sleeping' then {{ add_days('last_purchase_date', 'sleeping_after_days + 1') }}
                when state = 'silent' then {{ add_days('last_purchase_date', 'silent_after_days + 1') }}
                else begins_on
            end as date
        ) as state_since,
        cast(
            case
                when state = 'churned' then 'sleeping'
                when state = 'sleeping' then 'silent'
                when state = 'silent' then event_state
                else state_before
            end as {{ dbt.type_string() }}
        ) as previous_state,
        cast(purchases as bigint) as purchases,
        cast(first_purchase_date as date) as first_purchase_date,
        cast(last_purchase_date as date) as last_purchase_date,
        cast(days_since_last_purchase as bigint) as days_since_last_purchase,
        cast(median_interval_days as double) as median_interval_days,
        cast(
            case
                when cycle_ratio is null then null
                when cycle_ratio > {{ var('cycle_churned_ratio') }} then 'churned'
                when cycle_ratio > {{ var('cycle_sleeping_ratio') }} then 'sleeping'
                when cycle_ratio > {{ var('cycle_silent_ratio') }} then 'silent'
                else 'active'
            end as {{ dbt.type_string() }}
        ) as cycle_state,
        silent_after_days,
        sleeping_after_days,
        churned_after_days,
        cast(is_from_own_intervals as boolean) as is_from_own_intervals
    from stated

)

select * from final
