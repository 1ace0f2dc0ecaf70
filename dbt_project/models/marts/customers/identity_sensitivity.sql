with rfm as (

    select * from {{ ref('int_identity_rfm') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

orders as (

    select * from {{ ref('fct_orders') }}

),

segments as (

    select * from {{ ref('rfm_segments') }}

),

-- The segment of those who score highest in everything.
top_segment as (

    select segment
    from segments
    where r_max = 5 and f_max = 5 and m_max = 5

),

rules as (

    {% for rule in ['strict'] + joining_rules().keys() | list -%}
    select {{ loop.index }} as rule_order, '{{ rule }}' as identity_rule
    {{ "union all" if not loop.last }}
    {% endfor %}
),

purchases_until as (

    select count(*) as purchases
    from orders as o
    inner join as_of as a on o.order_date <= a.as_of_date
    where
        o.is_purchase
        {%- if var('rfm_window_days') is not none %}
        and o.order_date > {{ add_days('a.as_of_date', '-' ~ var('rfm_window_days')) }}
        {%- endif %}

),

counted as (

    select
        r.identity_rule,
        count(*) as buyers,
        sum(r.accounts) as accounts,
        sum(case when r.accounts > 1 then 1 else 0 end) as merged_buyers,
        sum(case when r.frequency > 1 then 1 else 0 end) as repeat_buyers,
        sum(r.frequency) as purchases,
        sum(case when t.segment is not null then 1 else 0 end) as top_segment_buyers
    from rfm as r
    left join top_segment as t on r.segment = t.segment
    group by r.identity_rule

),

final as (

    select
        cast(a.as_of_date as date) as as_of_date,
        cast(u.identity_rule as {{ dbt.type_string() }}) as identity_rule,
        cast(u.identity_rule = '{{ identity_rule() }}' as boolean) as is_chosen,
        cast(coalesce(c.buyers, 0) as bigint) as buyers,
        cast(coalesce(c.accounts, 0) as bigint) as accounts,
        cast(coalesce(c.merged_buyers, 0) as bigint) as merged_buyers,
        cast(coalesce(c.repeat_buyers, 0) as bigint) as repeat_buyers,
        cast(c.repeat_buyers as double) / c.buyers as repeat_rate,
        cast(t.segment as {{ dbt.type_string() }}) as top_segment,
        cast(coalesce(c.top_segment_buyers, 0) as bigint) as top_segment_buyers,
        {%- if var('purchase_grain') == 'day' %}
        cast(null as bigint) as purchases_of_nobody
        {%- else %}
        cast(p.purchases - coalesce(c.purchases, 0) as bigint) as purchases_of_nobody
        {%- endif %}
    from rules as u
    cross join as_of as a
    cross join top_segment as t
    cross join purchases_until as p
    left join counted as c on u.identity_rule = c.identity_rule

)

select * from final
