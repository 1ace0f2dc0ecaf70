{#- Due is what the customer's own rhythm says, or the usual interval of a category, that most of its buyers buy again, for who
    bought of it; of several the one that became due last, as the older ones have been settled or missed. -#}
{% macro audience_rows__replenishment() %}
with own as (

    select
        customer_id,
        cast(null as {{ dbt.type_string() }}) as category,
        last_purchase_date as last_bought_on,
        median_interval_days as interval_days,
        intervals,
        next_purchase_expected_on as due_on
    from {{ ref('customer_repurchase_intervals') }}
    where purchase_days >= {{ var('cycle_minimum_purchases') }}

),

category_purchases as (

    select customer_id, category, max(purchase_date) as last_bought_on
    from {{ ref('int_purchase_products') }}
    where category is not null
    group by customer_id, category

),

by_category as (

    select
        p.customer_id,
        p.category,
        p.last_bought_on,
        i.median_interval_days as interval_days,
        i.intervals,
        {{ add_days('p.last_bought_on', 'ceil(i.median_interval_days)') }} as due_on
    from category_purchases as p
    inner join {{ ref('category_repurchase_intervals') }} as i on p.category = i.category
    where
        i.intervals >= {{ var('audience_minimum_intervals') }}
        and i.repurchase_rate >= {{ var('audience_minimum_repurchase_rate') }}

),

due as (

    select d.*
    from (select * from own union all select * from by_category) as d
    inner join {{ ref('int_as_of') }} as a on d.due_on <= {{ add_days('a.as_of_date', var('audience_replenishment_days_ahead')) }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by customer_id
            order by due_on desc, case when category is null then 1 else 2 end asc, category asc nulls first
        ) as latest_rank
    from due

)

select
    customer_id,
    due_on as occasion_on,
    case
        when category is null
            then {{ sentence(
                '上次购买 {}，本人通常每 {} 天购买一次，{} 到期',
                ['last_bought_on', short_number('interval_days'), 'due_on']
            ) }}
        else {{ sentence(
            '上次购买“{}”于 {}，该类目通常每 {} 天复购（{} 个间隔），{} 到期',
            ['category', 'last_bought_on', short_number('interval_days'), 'intervals', 'due_on']
        ) }}
    end as reason_zh,
    case
        when category is null
            then {{ sentence(
                'last purchase on {}, usually buys every {} days; due on {}',
                ['last_bought_on', short_number('interval_days'), 'due_on']
            ) }}
        else {{ sentence(
            'last bought {} on {}; bought again after {} days as a rule ({} intervals); due on {}',
            ['category', 'last_bought_on', short_number('interval_days'), 'intervals', 'due_on']
        ) }}
    end as reason
from ranked
where latest_rank = 1
{% endmacro %}
