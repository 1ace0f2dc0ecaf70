{{ config(materialized='incremental', incremental_strategy='replace_scope', unique_key='snapshot_date', on_schema_change='fail',
          meta={'scope': 'int_touched_followups'}) }}
with states as (

    select * from {{ ref('int_customer_states') }}
    where {{ in_scope('snapshot_date', 'int_touched_followups') }}

),

snapshots as (

    select * from {{ ref('int_customer_snapshots') }}
    where {{ in_scope('snapshot_date', 'int_touched_followups') }}

),

purchases as (

    select * from {{ ref('int_purchases') }}

),

-- Counted once by all labels together, so that each label is added up from few rows.
final as (

    select
        s.snapshot_date,
        s.lifecycle,
        s.segment,
        s.value_class,
        s.quadrant,
        count(*) as customers,
        {% for days in var('calibration_horizons_days') -%}
        sum(
            case when {{ days_between('s.snapshot_date', 'b.next_purchase_date') }} <= {{ days }} then 1 else 0 end
        ) as bought_within_{{ days }}{{ "," if not loop.last }}
        {% endfor %}
    from states as s
    inner join snapshots as p on s.snapshot_date = p.snapshot_date and s.customer_id = p.customer_id
    inner join purchases as b on p.customer_id = b.customer_id and p.purchases = b.purchase_number
    group by s.snapshot_date, s.lifecycle, s.segment, s.value_class, s.quadrant

)

select * from final
