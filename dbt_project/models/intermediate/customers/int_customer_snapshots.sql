{{ config(materialized='incremental', incremental_strategy='replace_scope', unique_key='snapshot_date', on_schema_change='fail',
          meta={'scope': 'int_touched_snapshots'}) }}
with purchases as (

    select * from {{ ref('int_purchases') }}

),

as_of_snapshots as (

    select * from {{ ref('int_as_of_snapshots') }}
    where {{ in_scope('snapshot_date', 'int_touched_snapshots') }}

),

snapshot_dates as (

    select * from {{ ref('int_snapshot_dates') }}
    where not is_as_of and {{ in_scope('snapshot_date', 'int_touched_snapshots') }}

),

{{ known_purchases() }},

final as (

    select * from known_purchases
    union all
    select * from as_of_snapshots

)

select * from final
