with campaigns as (

    select * from {{ ref('dim_campaigns') }}

),

periods as (

    select * from {{ ref('int_campaign_periods') }}
    where period_number = 0

),

units as (

    select * from {{ ref('int_campaign_units') }}

),

people as (

    select * from {{ ref('int_campaign_people') }}

),

redemptions as (

    select * from {{ ref('fct_coupon_redemptions') }}

),

lifts as (

    select * from {{ ref('int_campaign_lifts') }}
    where segment = 'all'

),

data_range as (

    select * from {{ ref('int_data_range') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

members as (

    select
        campaign_id,
        sum(case when not is_holdout and not is_excluded then 1 else 0 end) as targeted,
        sum(case when is_excluded then 1 else 0 end) as excluded_customers
    from units
    group by campaign_id

),

-- In order of their first days: an earlier campaign that is not over yet, or a later one that begins before this ends.
neighbours as (

    select
        p.campaign_id,
        p.customer_id,
        p.is_excluded,
        o.starts_on,
        o.ends_on,
        max(o.ends_on) over (
            partition by p.customer_id
            order by o.starts_on, p.campaign_id
            rows between unbounded preceding and 1 preceding
        ) as others_until,
        lead(o.starts_on) over (partition by p.customer_id order by o.starts_on, p.campaign_id) as next_starts_on
    from people as p
    inner join periods as o on p.campaign_id = o.campaign_id
    where not p.is_holdout

),

-- Whom another campaign reached in days of this one, too: what they bought may be due to either.
meetings as (

    select
        campaign_id,
        count(*) as also_reached
    from neighbours
    where not is_excluded and (others_until >= starts_on or next_starts_on <= ends_on)
    group by campaign_id

),

outcomes as (

    select
        campaign_id,
        sum(case when not is_holdout then 1 else 0 end) as reached,
        sum(case when not is_holdout then is_opened else 0 end) as opened,
        sum(case when not is_holdout then is_clicked else 0 end) as clicked,
        sum(case when not is_holdout and orders > 0 then 1 else 0 end) as converted,
        sum(case when not is_holdout then orders else 0 end) as orders,
        sum(case when not is_holdout then net_amount else 0 end) as net_revenue,
        sum(case when not is_holdout and is_existing then 1 else 0 end) as existing_reached,
        sum(case when not is_holdout and is_existing and orders > 0 then 1 else 0 end) as returning_buyers,
        sum(case when is_holdout then 1 else 0 end) as held_back,
        sum(case when is_holdout and orders > 0 then 1 else 0 end) as holdout_converted,
        sum(case when is_holdout and is_existing and orders > 0 then 1 else 0 end) as holdout_returning
    from people
    where not is_excluded
    group by campaign_id

),

-- A coupon counts when it was used in the campaign's days, whoever used it.
used as (

    select
        r.campaign_id,
        count(*) as coupons_used,
        count(distinct r.customer_id) as coupon_users,
        sum(r.amount) as coupon_discount
    from redemptions as r
    inner join periods as p
        on
            r.campaign_id = p.campaign_id
            and cast(r.redeemed_at as date) between p.starts_on and p.ends_on
    group by r.campaign_id

),

-- Members who used one of its coupons in these days.
redeemed as (

    select
        p.campaign_id,
        count(distinct p.customer_id) as members
    from people as p
    inner join periods as o on p.campaign_id = o.campaign_id
    inner join redemptions as r
        on
            p.campaign_id = r.campaign_id
            and p.customer_id = r.customer_id
            and cast(r.redeemed_at as date) between o.starts_on and o.ends_on
    where not p.is_holdout and not p.is_excluded
    group by p.campaign_id

),

judged as (

    select
        c.*,
        p.ends_on as observed_until,
        p.days as observed_days,
        coalesce(m.targeted, 0) as targeted,
        coalesce(m.excluded_customers, 0) as excluded_customers,
        coalesce(o.reached, 0) as reached,
        o.opened,
        o.clicked,
        coalesce(o.converted, 0) as converted,
        coalesce(o.orders, 0) as orders,
        coalesce(o.net_revenue, 0) as net_revenue,
        -- Before the first day with orders nobody can be known to have bought.
        case when c.start_date > r.first_order_date then coalesce(o.existing_reached, 0) end as existing_reached,
        case when c.start_date > r.first_order_date then coalesce(o.returning_buyers, 0) end as returning_buyers,
        coalesce(o.held_back, 0) as held_back,
        o.holdout_converted,
        case when c.start_date > r.first_order_date then o.holdout_returning end as holdout_returning,
        coalesce(x.also_reached, 0) as also_reached,
        coalesce(u.coupons_used, 0) as coupons_used,
        coalesce(u.coupon_users, 0) as coupon_users,
        coalesce(d.members, 0) as redeeming_members,
        u.coupon_discount,
        -- Only against those held back are people compared who had never bought.
        case when l.basis = 'holdout' then o.reached else o.existing_reached end as compared_customers,
        l.basis,
        l.comparison_value,
        coalesce(l.placebo_windows, 0) as placebo_windows,
        coalesce(l.placebo_spans, 0) as placebo_spans,
        l.placebo_mean,
        l.placebo_low,
        l.placebo_high,
        l.estimate,
        l.low,
        l.high,
        l.p_value,
        s.estimate as spend_estimate,
        s.low as spend_low,
        s.high as spend_high,
        s.p_value as spend_p_value,
        case
            when not coalesce(c.start_date <= c.end_date, false) then 'undated'
            when p.campaign_id is null then 'not_begun'
            when coalesce(o.reached, 0) = 0 then 'nobody_reached'
            when {{ days_between('r.first_order_date', 'c.start_date') }} < {{ var('campaign_minimum_history_days') }}
                and coalesce(o.held_back, 0) = 0 then 'too_little_history'
            else coalesce(l.finding, 'group_too_small')
        end as finding,
        coalesce(s.finding, 'group_too_small') as spend_finding,
        case
            when not coalesce(c.start_date <= c.end_date, false) then 'undated'
            when p.campaign_id is null then 'planned'
            when p.ends_on < c.end_date then 'running'
            else 'finished'
        end as status
    from campaigns as c
    cross join data_range as r
    left join periods as p on c.campaign_id = p.campaign_id
    left join members as m on c.campaign_id = m.campaign_id
    left join outcomes as o on c.campaign_id = o.campaign_id
    left join meetings as x on c.campaign_id = x.campaign_id
    left join used as u on c.campaign_id = u.campaign_id
    left join redeemed as d on c.campaign_id = d.campaign_id
    left join lifts as l on c.campaign_id = l.campaign_id and l.measure = 'rate'
    left join lifts as s on c.campaign_id = s.campaign_id and s.measure = 'spend'

),

final as (

    select
        cast(a.as_of_date as date) as as_of_date,

        -- the campaign
        cast(j.campaign_id as {{ dbt.type_string() }}) as campaign_id,
        cast(j.name as {{ dbt.type_string() }}) as name,
        cast(j.channel as {{ dbt.type_string() }}) as channel,
        cast(j.campaign_type as {{ dbt.type_string() }}) as campaign_type,
        cast(j.start_date as date) as start_date,
        cast(j.end_date as date) as end_date,
        cast(j.status as {{ dbt.type_string() }}) as status,
        cast(j.observed_until as date) as observed_until,
        cast(j.observed_days as bigint) as observed_days,

        -- whom it reached, and what they did
        cast(j.targeted as bigint) as targeted,
        cast(j.reached as bigint) as reached,
        cast(j.excluded_customers as bigint) as excluded_customers,
        cast(case when j.opened > 0 then j.opened end as bigint) as opened,
        cast(case when j.clicked > 0 then j.clicked end as bigint) as clicked,
        cast(j.converted as bigint) as converted,
        case when j.reached > 0 then cast(j.converted as double) / j.reached end as conversion_rate,
        cast(j.orders as bigint) as orders,
        cast(j.net_revenue as decimal(18, 2)) as net_revenue,
        cast(j.cost as decimal(18, 2)) as cost,
        case when j.cost > 0 then cast(j.net_revenue - j.cost as double) / cast(j.cost as double) end as roi,
        cast(j.existing_reached as bigint) as existing_reached,
        cast(j.returning_buyers as bigint) as returning_buyers,
        case when j.reached > 0 then cast(j.returning_buyers as double) / j.reached end as returning_buyer_rate,
        case when j.reached > 0 then cast(j.also_reached as double) / j.reached end as reached_by_others_share,

        -- coupons
        cast(j.coupons_used as bigint) as coupons_used,
        cast(j.coupon_users as bigint) as coupon_users,
        case when j.reached > 0 then cast(j.redeeming_members as double) / j.reached end as coupon_redemption_rate,
        cast(j.coupon_discount as decimal(18, 2)) as coupon_discount,

        -- what it brought
        cast(j.held_back as bigint) as held_back,
        case when j.held_back > 0 then cast(j.holdout_returning as double) / j.held_back end as holdout_rate,
        case when j.held_back > 0 then cast(j.holdout_converted as double) / j.held_back end as holdout_conversion_rate,
        cast(j.basis as {{ dbt.type_string() }}) as lift_basis,
        cast(j.comparison_value as double) as comparison_rate,
        cast(j.placebo_windows as bigint) as placebo_windows,
        cast(j.placebo_spans as bigint) as placebo_spans,
        cast(j.placebo_mean as double) as placebo_mean,
        cast(j.placebo_low as double) as placebo_low,
        cast(j.placebo_high as double) as placebo_high,
        cast(j.estimate as double) as lift_estimate,
        cast(case when j.finding = 'proven' then j.estimate end as double) as lift,
        cast(j.low as double) as lift_low,
        cast(j.high as double) as lift_high,
        cast(j.p_value as double) as lift_p_value,
        cast(j.finding as {{ dbt.type_string() }}) as lift_finding,
        cast(j.spend_estimate as double) as spend_lift_estimate,
        cast(case when j.spend_finding = 'proven' then j.spend_estimate end as double) as spend_lift,
        cast(j.spend_low as double) as spend_lift_low,
        cast(j.spend_high as double) as spend_lift_high,
        cast(j.spend_p_value as double) as spend_lift_p_value,
        cast(
            case
                when j.finding in ('undated', 'not_begun', 'nobody_reached', 'too_little_history') then j.finding
                else j.spend_finding
            end as {{ dbt.type_string() }}
        ) as spend_lift_finding,
        cast(
            case when j.spend_finding = 'proven' then j.spend_estimate * j.compared_customers end as decimal(18, 2)
        ) as incremental_revenue,
        case
            when j.cost > 0 and j.spend_finding = 'proven'
                then (j.spend_estimate * j.compared_customers - cast(j.cost as double)) / cast(j.cost as double)
        end as incremental_roi
    from judged as j
    cross join as_of as a

)

select * from final
