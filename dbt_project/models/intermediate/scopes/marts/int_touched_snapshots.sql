{#- The tables by date that may stand, each with what it knows of a date. Both are asked: who builds the marts of the day
    alone has no history, and it must not be taken for up to date later. -#}
{%- set standing_tables = [] -%}
{%- if builds_a_part() -%}
{%- for name, knows_previous in [('int_snapshot_boundaries', false), ('int_customer_snapshots', true)] -%}
{%- set old = standing('intermediate', name) -%}
{%- if old %}{% do standing_tables.append((old, knows_previous)) %}{% endif -%}
{%- endfor -%}
{%- endif -%}
with snapshot_dates as (

    select * from {{ ref('int_snapshot_dates') }}

),

touched_buyers as (

    select * from {{ ref('int_touched_buyers') }}

),

changes as (

    select min(changed_since) as changed_since from touched_buyers

),

{% for old, knows_previous in standing_tables -%}
old_dates_{{ loop.index }} as (

    select distinct
        snapshot_date,
        is_as_of{{ ", previous_snapshot_date" if knows_previous }}
    from {{ old }}

),

{% endfor -%}
final as (

    -- Dates that see a change,
    select d.snapshot_date
    from snapshot_dates as d
    inner join changes as c on d.snapshot_date >= c.changed_since
    {%- if not standing_tables %}
    where 1 = 0
    {%- endif %}
    {%- for old, knows_previous in standing_tables %}

    union

    -- dates that are new or stand elsewhere in the row,
    select d.snapshot_date
    from snapshot_dates as d
    left join old_dates_{{ loop.index }} as o on d.snapshot_date = o.snapshot_date
    where
        o.snapshot_date is null
        or o.is_as_of <> d.is_as_of
        {%- if knows_previous %}
        or coalesce(o.previous_snapshot_date, date '1900-01-01') <> coalesce(d.previous_snapshot_date, date '1900-01-01')
        {%- endif %}

    union

    -- and dates that have left the history.
    select o.snapshot_date
    from old_dates_{{ loop.index }} as o
    left join snapshot_dates as d on o.snapshot_date = d.snapshot_date
    where d.snapshot_date is null
    {%- endfor %}

)

select * from final
