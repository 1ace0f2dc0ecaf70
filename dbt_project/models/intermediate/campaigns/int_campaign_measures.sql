{%- set figures = [
    'reached_customers', 'reached_buyers', 'reached_net_amount', 'reached_squared_amount',
    'holdout_customers', 'holdout_buyers', 'holdout_net_amount', 'holdout_squared_amount',
    'other_customers', 'matched_customers', 'matched_buyers', 'matched_amount', 'expected_buyers', 'expected_amount',
    'same_customers', 'same_buyers', 'same_amount',
] -%}
{%- set returning = ['reached_buyers', 'holdout_buyers'] -%}
with outcomes as (

    select * from {{ ref('int_campaign_outcomes') }}

),

periods as (

    select * from {{ ref('int_campaign_periods') }}

),

cells as (

    select
        campaign_id,
        period_number,
        segment,
        spend_fifth,
        {% for member_group in ['reached', 'holdout', 'other'] -%}
        {% for figure in ['customers', 'buyers', 'net_amount', 'squared_amount'] -%}
        coalesce(sum(case when member_group = '{{ member_group }}' then {{ figure }} end), 0) as {{ member_group }}_{{ figure }},
        {% endfor -%}
        {% endfor -%}
        segment <> 'prospect' as is_existing
    from outcomes
    where placed_on = 'campaign'
    group by campaign_id, period_number, segment, spend_fifth

),

-- What those reached would have done, had they bought like the others who stood alike in the same days.
expected as (

    select
        *,
        other_customers > 0 as has_others,
        case when other_customers > 0 then cast(reached_customers as double) * other_buyers / other_customers end
            as expected_buyers,
        case when other_customers > 0 then reached_customers * other_net_amount / other_customers end as expected_amount
    from cells

),

-- The same segment earlier: whoever then stood as those reached do now, in the proportions of those reached.
alike as (

    select
        o.campaign_id,
        o.period_number,
        o.segment,
        o.spend_fifth,
        c.reached_customers as same_customers,
        cast(c.reached_customers as double) * o.buyers / o.customers as same_buyers,
        c.reached_customers * o.net_amount / o.customers as same_amount
    from outcomes as o
    inner join cells as c
        on
            o.campaign_id = c.campaign_id
            and o.segment = c.segment
            and o.spend_fifth = c.spend_fifth
            and c.period_number = 0
    where o.placed_on = 'window' and c.reached_customers > 0

    union all

    select
        campaign_id,
        period_number,
        segment,
        spend_fifth,
        reached_customers as same_customers,
        cast(reached_buyers as double) as same_buyers,
        reached_net_amount as same_amount
    from cells
    where period_number = 0 and is_existing

),

parts as (

    select
        campaign_id,
        period_number,
        segment,
        is_existing,
        reached_customers,
        reached_buyers,
        reached_net_amount,
        reached_squared_amount,
        holdout_customers,
        holdout_buyers,
        holdout_net_amount,
        holdout_squared_amount,
        other_customers,
        case when has_others then reached_customers else 0 end as matched_customers,
        case when has_others then reached_buyers else 0 end as matched_buyers,
        case when has_others then reached_net_amount else 0 end as matched_amount,
        coalesce(expected_buyers, 0) as expected_buyers,
        coalesce(expected_amount, 0) as expected_amount,
        0 as same_customers,
        cast(0 as double) as same_buyers,
        cast(0 as double) as same_amount
    from expected

    union all

    select
        campaign_id,
        period_number,
        segment,
        true as is_existing,
        {% for _ in figures[:-3] -%}
        0,
        {% endfor -%}
        same_customers,
        same_buyers,
        same_amount
    from alike

),

by_segment as (

    select
        campaign_id,
        period_number,
        segment,
        is_existing,
        {% for figure in figures -%}
        sum({{ figure }}) as {{ figure }}{{ "," if not loop.last }}
        {% endfor %}
    from parts
    group by campaign_id, period_number, segment, is_existing

),

united as (

    select
        campaign_id,
        period_number,
        segment,
        case when is_existing then reached_customers else 0 end as existing_customers,
        {{ figures | join(",\n        ") }}
    from by_segment

    union all

    -- Of all together, who had never bought is one of those reached, and no returning buyer.
    select
        campaign_id,
        period_number,
        'all' as segment,
        sum(case when is_existing then reached_customers else 0 end) as existing_customers,
        {% for figure in figures -%}
        sum({{ "case when is_existing then " ~ figure ~ " else 0 end" if figure in returning else figure }}) as {{ figure }}
        {{- "," if not loop.last }}
        {% endfor %}
    from by_segment
    group by campaign_id, period_number

),

final as (

    select
        u.*,
        p.days,
        {{ days_between('p.starts_on', 'o.starts_on') }} as days_before
    from united as u
    inner join periods as p on u.campaign_id = p.campaign_id and u.period_number = p.period_number
    inner join periods as o on u.campaign_id = o.campaign_id and o.period_number = 0

)

select * from final
