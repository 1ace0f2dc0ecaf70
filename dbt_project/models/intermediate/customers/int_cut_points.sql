{{ config(materialized='incremental', incremental_strategy='replace_scope', unique_key='snapshot_date', on_schema_change='fail',
          meta={'scope': 'int_touched_snapshots'}) }}
-- depends_on: {{ ref('rfm_cut_points') }}
with snapshots as (

    select * from {{ ref('int_customer_snapshots') }}
    where not is_as_of and {{ in_scope('snapshot_date', 'int_touched_snapshots') }}

),

boundaries as (

    select * from {{ ref('int_snapshot_boundaries') }}
    where not is_as_of and {{ in_scope('snapshot_date', 'int_touched_snapshots') }}

),

as_of_cut_points as (

    select * from {{ ref('int_as_of_cut_points') }}
    where {{ in_scope('snapshot_date', 'int_touched_snapshots') }}

),

{{ compared_numbers() }},

final as (

    select * from compared
    union all
    select * from as_of_cut_points

)

select * from final
