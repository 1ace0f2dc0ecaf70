-- depends_on: {{ ref('rfm_cut_points') }}
{%- set rules = joining_rules() %}
{%- set by_day = var('purchase_grain') == 'day' %}
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

    select * from {{ ref('int_score_segments') }}

),

-- Brought to the grain that is counted once, before the rules ask for it: days where they are the purchases, else buyers.
purchases as (

    select
        c.node,
        {% if by_day -%}
        o.order_date,
        {% endif -%}
        max(o.order_date) as last_order_date,
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
    group by c.node{{ ', o.order_date' if by_day }}

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
        {{ days_between('max(p.last_order_date)', 'a.as_of_date') }} as recency_days,
        {{ 'count(distinct p.order_date)' if by_day else 'cast(sum(p.orders) as bigint)' }} as frequency,
        sum(p.net_amount) as monetary
    from purchases as p
    inner join persons as n on p.node = n.node
    cross join as_of as a
    group by n.identity_rule, n.person_node, a.as_of_date

),

{{ rfm_cut_points('measured', 'identity_rule') }},

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
    inner join cut_points as c on m.identity_rule = c.identity_rule
    inner join segments as g
        on
            {{ rfm_score('r', 'm.recency_days', 'c') }} = g.r_score
            and {{ rfm_score('f', 'm.frequency', 'c') }} = g.f_score
            and {{ rfm_score('m', 'm.monetary', 'c') }} = g.m_score

)

select * from final
