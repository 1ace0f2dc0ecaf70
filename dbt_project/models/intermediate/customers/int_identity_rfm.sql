{%- set rules = joining_rules() %}
with orders as (

    select * from {{ ref('fct_orders') }}

),

order_customers as (

    select * from {{ ref('int_order_customers') }}

),

identity_merges as (

    select * from {{ ref('int_identity_merges') }}

),

shared as (

    select distinct contact from {{ ref('int_identity_edges') }} where is_shared

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

segments as (

    select * from {{ ref('rfm_segments') }}

),

purchases as (

    select
        c.node,
        o.order_date,
        count(*) as orders,
        sum(o.net_amount) as net_amount
    from orders as o
    inner join order_customers as c on o.order_id = c.order_id
    inner join as_of as a on o.order_date <= a.as_of_date
    where
        o.is_purchase
        {%- if var('rfm_window_days') is not none %}
        and o.order_date > {{ add_days('a.as_of_date', '-' ~ var('rfm_window_days')) }}
        {%- endif %}
    group by c.node, o.order_date

),

-- Who each rule takes a buyer for.
persons as (

    select 'strict' as identity_rule, node, node as person_node
    from purchases
    where node like 'account:%'
    group by node
    {%- for rule, kinds in rules.items() %}

    union all

    select
        '{{ rule }}' as identity_rule,
        p.node,
        coalesce(m.person_node, p.node) as person_node
    from (select distinct node from purchases) as p
    left join identity_merges as m on p.node = m.node and m.identity_rule = '{{ rule }}'
    left join shared as s on p.node = s.contact
    where
        s.contact is null
        and (
            p.node like 'account:%'
            {%- for kind in kinds %}
            or p.node like '{{ kind }}:%'
            {%- endfor %}
        )
    {%- endfor %}

),

measured as (

    select
        n.identity_rule,
        n.person_node,
        a.as_of_date,
        count(distinct n.node) as accounts,
        {{ days_between('max(p.order_date)', 'a.as_of_date') }} as recency_days,
        {{ 'count(distinct p.order_date)' if var('purchase_grain') == 'day' else 'cast(sum(p.orders) as bigint)' }} as frequency,
        sum(p.net_amount) as monetary
    from purchases as p
    inner join persons as n on p.node = n.node
    cross join as_of as a
    group by n.identity_rule, n.person_node, a.as_of_date

),

recency_values as (

    select identity_rule, recency_days, count(*) as customers
    from measured
    group by identity_rule, recency_days

),

recency_scores as (
{{ percent_rank_scores('recency_values', 'recency_days', descending=true, by='identity_rule') }}
),

-- One purchase scores 1; only repeat buyers are ranked against each other.
frequency_values as (

    select identity_rule, frequency, count(*) as customers
    from measured
    where frequency > 1
    group by identity_rule, frequency

),

frequency_scores as (
{{ percent_rank_scores('frequency_values', 'frequency', lowest=2, by='identity_rule') }}
),

monetary_values as (

    select identity_rule, monetary, count(*) as customers
    from measured
    group by identity_rule, monetary

),

monetary_scores as (
{{ percent_rank_scores('monetary_values', 'monetary', by='identity_rule') }}
),

final as (

    select
        m.identity_rule,
        m.person_node,
        {{ customer_id_of('m.person_node') }} as customer_id,
        m.as_of_date,
        m.accounts,
        m.recency_days,
        m.frequency,
        m.monetary,
        g.segment
    from measured as m
    inner join recency_scores as r on m.identity_rule = r.identity_rule and m.recency_days = r.recency_days
    left join frequency_scores as f on m.identity_rule = f.identity_rule and m.frequency = f.frequency
    inner join monetary_scores as v on m.identity_rule = v.identity_rule and m.monetary = v.monetary
    inner join segments as g
        on
            r.score between g.r_min and g.r_max
            and coalesce(f.score, 1) between g.f_min and g.f_max
            and v.score between g.m_min and g.m_max

)

select * from final
