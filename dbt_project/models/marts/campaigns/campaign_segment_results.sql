with outcomes as (

    select * from {{ ref('int_campaign_outcomes') }}
    where period_number = 0 and placed_on = 'campaign'

),

lifts as (

    select * from {{ ref('int_campaign_lifts') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

by_segment as (

    select
        campaign_id,
        segment,
        sum(case when member_group = 'reached' then customers else 0 end) as reached,
        sum(case when member_group = 'reached' then buyers else 0 end) as converted,
        sum(case when member_group = 'reached' then net_amount else 0 end) as net_revenue,
        sum(case when member_group = 'holdout' then customers else 0 end) as held_back,
        sum(case when member_group = 'holdout' then buyers else 0 end) as holdout_converted
    from outcomes
    where member_group <> 'other'
    group by campaign_id, segment

),

final as (

    select
        cast(a.as_of_date as date) as as_of_date,
        cast(s.campaign_id as {{ dbt.type_string() }}) as campaign_id,
        cast(s.segment as {{ dbt.type_string() }}) as segment,
        cast(s.reached as bigint) as reached,
        cast(s.converted as bigint) as converted,
        case when s.reached > 0 then cast(s.converted as double) / s.reached end as conversion_rate,
        cast(s.net_revenue as decimal(18, 2)) as net_revenue,
        cast(s.held_back as bigint) as held_back,
        case when s.held_back > 0 then cast(s.holdout_converted as double) / s.held_back end as holdout_rate,
        cast(l.basis as {{ dbt.type_string() }}) as lift_basis,
        cast(l.comparison_value as double) as comparison_rate,
        cast(coalesce(l.placebo_windows, 0) as bigint) as placebo_windows,
        cast(l.placebo_low as double) as placebo_low,
        cast(l.placebo_high as double) as placebo_high,
        cast(l.estimate as double) as lift_estimate,
        cast(case when l.finding = 'proven' then l.estimate end as double) as lift,
        cast(l.low as double) as lift_low,
        cast(l.high as double) as lift_high,
        cast(l.p_value as double) as lift_p_value,
        cast(coalesce(l.finding, 'group_too_small') as {{ dbt.type_string() }}) as lift_finding,
        cast(m.estimate as double) as spend_lift_estimate,
        cast(case when m.finding = 'proven' then m.estimate end as double) as spend_lift,
        cast(m.low as double) as spend_lift_low,
        cast(m.high as double) as spend_lift_high,
        cast(coalesce(m.finding, 'group_too_small') as {{ dbt.type_string() }}) as spend_lift_finding
    from by_segment as s
    left join lifts as l on s.campaign_id = l.campaign_id and s.segment = l.segment and l.measure = 'rate'
    left join lifts as m on s.campaign_id = m.campaign_id and s.segment = m.segment and m.measure = 'spend'
    cross join as_of as a

)

select * from final
