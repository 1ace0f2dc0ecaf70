{{ config(materialized='incremental', incremental_strategy='replace_scope', unique_key='snapshot_date', on_schema_change='fail',
          meta={'scope': 'int_touched_snapshots'}) }}
with snapshots as (

    select * from {{ ref('int_customer_snapshots') }}
    where not is_as_of and {{ in_scope('snapshot_date', 'int_touched_snapshots') }}

),

snapshot_dates as (

    select * from {{ ref('int_snapshot_dates') }}
    where not is_as_of and {{ in_scope('snapshot_date', 'int_touched_snapshots') }}

),

customers as (

    select * from {{ ref('dim_customers') }}

),

as_of_labels as (

    select * from {{ ref('int_as_of_labels') }}
    where {{ in_scope('snapshot_date', 'int_touched_snapshots') }}

),

psychology as (

    select * from {{ ref('int_customer_psychology') }}
    where {{ in_scope('snapshot_date', 'int_touched_snapshots') }}

),

{{ labels(ref('int_cut_points')) }},

united as (

    select * from labels
    union all
    select * from as_of_labels

),

final as (

    select
        u.*,
        p.dominant_psychology as psychology
    from united as u
    left join psychology as p on u.snapshot_date = p.snapshot_date and u.customer_id = p.customer_id

)

select * from final
