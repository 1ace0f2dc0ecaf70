with touched as (

    select * from {{ ref('int_touched_snapshots') }}

),

touched_buyers as (

    select * from {{ ref('int_touched_buyers') }}

),

snapshot_dates as (

    select * from {{ ref('int_snapshot_dates') }}

),

changes as (

    select min(changed_since) as changed_since from touched_buyers

),

-- A purchase answers for the dates before it, as far back as the longest horizon.
final as (

    select snapshot_date from touched

    union

    select d.snapshot_date
    from snapshot_dates as d
    inner join changes as c
        on {{ add_days('d.snapshot_date', var('calibration_horizons_days') | max) }} >= c.changed_since
    {%- if not builds_a_part() %}
    where 1 = 0
    {%- endif %}

)

select * from final
