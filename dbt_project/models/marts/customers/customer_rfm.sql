with purchases as (

    select * from {{ ref('int_purchases') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

segments as (

    select * from {{ ref('rfm_segments') }}

),

value_classes as (

    select * from {{ ref('value_classes') }}

),

measured as (

    select
        a.as_of_date,
        p.customer_id,
        {{ days_between('max(p.purchase_date)', 'a.as_of_date') }} as recency_days,
        count(*) as frequency,
        sum(p.net_amount) as monetary
    from purchases as p
    cross join as_of as a
    {%- if var('rfm_window_days') is not none %}
    where p.purchase_date > {{ add_days('a.as_of_date', '-' ~ var('rfm_window_days')) }}
    {%- endif %}
    group by a.as_of_date, p.customer_id

),

recency_values as (

    select recency_days, count(*) as customers
    from measured
    group by recency_days

),

recency_scores as (
{{ percent_rank_scores('recency_values', 'recency_days', descending=true) }}
),

-- One purchase scores 1; only repeat buyers are ranked against each other.
frequency_values as (

    select frequency, count(*) as customers
    from measured
    where frequency > 1
    group by frequency

),

frequency_scores as (
{{ percent_rank_scores('frequency_values', 'frequency', lowest=2) }}
),

monetary_values as (

    select monetary, count(*) as customers
    from measured
    group by monetary

),

monetary_scores as (
{{ percent_rank_scores('monetary_values', 'monetary') }}
),

scored as (

    select
        m.*,
        cast(r.score as bigint) as r_score,
        cast(coalesce(f.score, 1) as bigint) as f_score,
        cast(v.score as bigint) as m_score
    from measured as m
    inner join recency_scores as r on m.recency_days = r.recency_days
    left join frequency_scores as f on m.frequency = f.frequency
    inner join monetary_scores as v on m.monetary = v.monetary

),

means as (

    select
        avg(r_score) as r_mean,
        avg(f_score) as f_mean,
        avg(m_score) as m_mean
    from scored

),

final as (

    select
        cast(s.as_of_date as date) as as_of_date,
        cast(s.customer_id as {{ dbt.type_string() }}) as customer_id,
        cast(s.recency_days as bigint) as recency_days,
        cast(s.frequency as bigint) as frequency,
        cast(s.monetary as decimal(18, 2)) as monetary,
        s.r_score,
        s.f_score,
        s.m_score,
        cast(s.r_score * 100 + s.f_score * 10 + s.m_score as {{ dbt.type_string() }}) as rfm_score,
        cast(g.segment as {{ dbt.type_string() }}) as segment,
        cast(v.value_class as {{ dbt.type_string() }}) as value_class,
        cast(s.monetary / s.frequency as decimal(18, 2)) as average_order_value
    from scored as s
    cross join means as n
    inner join segments as g
        on
            s.r_score between g.r_min and g.r_max
            and s.f_score between g.f_min and g.f_max
            and s.m_score between g.m_min and g.m_max
    inner join value_classes as v
        on
            (s.r_score >= n.r_mean) = v.r_high
            and (s.f_score >= n.f_mean) = v.f_high
            and (s.m_score >= n.m_mean) = v.m_high

)

select * from final
