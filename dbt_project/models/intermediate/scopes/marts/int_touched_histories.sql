{%- set old = standing('intermediate', 'int_state_intervals') if builds_a_part() -%}
with touched as (

    select * from {{ ref('int_touched_snapshots') }}

),

moves as (

    select * from {{ ref('int_state_moves') }}

),

final as (

    select m.customer_id
    from moves as m
    inner join touched as t on m.snapshot_date = t.snapshot_date
    {%- if old %}

    union

    -- A move that has been taken back.
    select i.customer_id
    from {{ old }} as i
    inner join touched as t on i.snapshot_date = t.snapshot_date
    {%- else %}
    where 1 = 0
    {%- endif %}

)

select * from final
