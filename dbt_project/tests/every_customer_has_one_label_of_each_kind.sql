{{ config(meta={'dagster': {'ref': {'name': 'customer_lifecycle'}}}) }}

-- Each customer of the day stands once in the lifecycle, with one state; each buyer of the window once in RFM and in
-- the quadrant, with one segment, class and quadrant.
with lifecycle as (

    select * from {{ ref('customer_lifecycle') }}

),

snapshots as (

    select * from {{ ref('int_customer_snapshots') }} where is_as_of

),

labels as (

    select
        l.customer_id,
        'lifecycle' as label,
        l.state as label_value
    from lifecycle as l

    union all

    select
        r.customer_id,
        'segment' as label,
        r.segment as label_value
    from {{ ref('customer_rfm') }} as r

    union all

    select
        r.customer_id,
        'value class' as label,
        r.value_class as label_value
    from {{ ref('customer_rfm') }} as r

    union all

    select
        q.customer_id,
        'quadrant' as label,
        q.quadrant as label_value
    from {{ ref('customer_value_quadrant') }} as q

),

expected as (

    select
        customer_id,
        'lifecycle' as label
    from lifecycle
    {% for label in ['segment', 'value class', 'quadrant'] %}
    union all
    select
        customer_id,
        '{{ label }}' as label
    from snapshots
    where frequency > 0
    {% endfor %}
    union all
    select
        customer_id,
        'lifecycle' as label
    from snapshots

),

distinct_expected as (

    select distinct
        customer_id,
        label
    from expected

),

counted as (

    select
        customer_id,
        label,
        count(label_value) as labels
    from labels
    group by customer_id, label

)

select
    e.customer_id,
    e.label,
    coalesce(c.labels, 0) as labels
from distinct_expected as e
left join counted as c on e.customer_id = c.customer_id and e.label = c.label
where c.labels is null or c.labels <> 1
