-- depends_on: {{ ref('rfm_cut_points') }}
with snapshots as (

    select * from {{ ref('int_as_of_snapshots') }}

),

boundaries as (

    select * from {{ ref('int_snapshot_boundaries') }}
    where is_as_of

),

{{ compared_numbers() }}

select * from compared
