{{ config(meta={'dagster': {'ref': {'name': 'int_customer_states'}}}) }}

-- Two customers with equal values on one date are twins: no order of rows may give them different scores.
with snapshots as (

    select * from {{ ref('int_customer_snapshots') }}

),

states as (

    select * from {{ ref('int_customer_states') }}

),

labelled as (

    select
        p.snapshot_date,
        p.recency_days,
        p.frequency,
        p.monetary,
        s.r_score,
        s.f_score,
        s.m_score,
        s.segment,
        s.value_class,
        s.quadrant
    from snapshots as p
    inner join states as s on p.snapshot_date = s.snapshot_date and p.customer_id = s.customer_id

)

{% for measure, score in [('recency_days', 'r_score'), ('frequency', 'f_score'), ('monetary', 'm_score')] -%}
select
    snapshot_date,
    '{{ score }}' as label
from labelled
where frequency > 0
group by snapshot_date, {{ measure }}
having min({{ score }}) <> max({{ score }})

union all

{% endfor -%}
select
    snapshot_date,
    'segment, class or quadrant' as label
from labelled
group by snapshot_date, recency_days, frequency, monetary
having min(segment) <> max(segment) or min(value_class) <> max(value_class) or min(quadrant) <> max(quadrant)
