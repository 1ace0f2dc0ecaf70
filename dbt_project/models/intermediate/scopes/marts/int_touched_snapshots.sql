{%- set old = standing('intermediate', 'int_customer_snapshots') if builds_a_part() -%}
with snapshot_dates as (

    select * from {{ ref('int_snapshot_dates') }}

),

touched_buyers as (

    select * from {{ ref('int_touched_buyers') }}

),

changes as (

    select min(changed_since) as changed_since from touched_buyers

),
{% if old %}
old_dates as (

    select distinct snapshot_date, previous_snapshot_date, is_as_of
    from {{ old }}

),

final as (

    -- Dates that see a change, and dates that are new or stand elsewhere in the row.
    select d.snapshot_date
    from snapshot_dates as d
    cross join changes as c
    left join old_dates as o on d.snapshot_date = o.snapshot_date
    where
        d.snapshot_date >= c.changed_since
        or o.snapshot_date is null
        or o.is_as_of <> d.is_as_of
        or coalesce(o.previous_snapshot_date, date '1900-01-01') <> coalesce(d.previous_snapshot_date, date '1900-01-01')

    union

    -- Dates that have left the history.
    select o.snapshot_date
    from old_dates as o
    left join snapshot_dates as d on o.snapshot_date = d.snapshot_date
    where d.snapshot_date is null

)
{%- else %}
final as (

    select d.snapshot_date
    from snapshot_dates as d
    inner join changes as c on d.snapshot_date >= c.changed_since
    where 1 = 0

)
{%- endif %}

select * from final
