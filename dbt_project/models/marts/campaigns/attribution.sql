with touches as (

    select * from {{ ref('int_attribution_touches') }}

),

effects as (

    select * from {{ ref('int_removal_effects') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

models as (

    {% for model in ['first', 'last', 'linear', 'time_decay', 'position_based', 'markov'] -%}
    select '{{ model }}' as model
    {{ "union all" if not loop.last }}
    {% endfor %}
),

scored as (

    select
        t.*,
        m.model,
        case m.model
            when 'first' then case when t.touch_position = 1 then 1 else 0 end
            when 'last' then case when t.touch_position = t.touches then 1 else 0 end
            when 'linear' then 1
            when 'time_decay' then power(cast(0.5 as double), t.days_before / {{ var('attribution_half_life_days') }})
            when 'position_based' then
                case
                    when t.touches <= 2 then 1
                    when t.touch_position in (1, t.touches) then {{ var('attribution_end_share') }}
                    else (1 - 2 * {{ var('attribution_end_share') }}) / (t.touches - 2)
                end
            when 'markov' then coalesce(e.removal_effect, 0)
        end as score
    from touches as t
    cross join models as m
    left join effects as e on t.state = e.state

),

totals as (

    select
        *,
        sum(score) over (partition by order_id, model) as total_score
    from scored

),

weighed as (

    select
        *,
        -- Where no channel was ever missed, all touches did alike.
        case when total_score > 0 then cast(score as double) / total_score else cast(1 as double) / touches end as weight
    from totals

),

running as (

    select
        *,
        sum(weight) over (
            partition by order_id, model
            order by touch_position
            rows between unbounded preceding and current row
        ) as weight_so_far
    from weighed

),

-- Cents are cut between running totals, so that none is lost: the last touch ends at the whole amount.
money as (

    select
        *,
        {{ half_up('net_amount * case when touch_position = touches then 1 else weight_so_far end', 18, 2) }} as amount_so_far
    from running

),

final as (

    select
        cast(a.as_of_date as date) as as_of_date,
        cast(m.order_id as {{ dbt.type_string() }}) as order_id,
        cast(m.touch_id as {{ dbt.type_string() }}) as touch_id,
        cast(m.model as {{ dbt.type_string() }}) as model,
        cast(m.campaign_id as {{ dbt.type_string() }}) as campaign_id,
        cast(m.channel as {{ dbt.type_string() }}) as channel,
        cast(m.touched_at as timestamp) as touched_at,
        cast(m.touch_position as bigint) as touch_position,
        cast(m.touches as bigint) as touches,
        cast(m.weight as double) as weight,
        cast(
            m.amount_so_far - coalesce(
                lag(m.amount_so_far) over (partition by m.order_id, m.model order by m.touch_position), 0
            ) as decimal(18, 2)
        ) as attributed_revenue
    from money as m
    cross join as_of as a

)

select * from final
