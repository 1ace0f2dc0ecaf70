{{ config(meta={'dagster': {'ref': {'name': 'gmv_bridge'}}}) }}

-- Raw and every disposition give kept; kept and every deduction give net revenue: rows and money, each file by itself.
with steps as (

    select * from {{ ref('gmv_bridge') }}

),

sides as (

    select
        file_id,
        sum(case when step_number <= 2 then rows when step_number = 3 then -rows else 0 end) as unexplained_raw_rows,
        sum(case when step_number <= 2 then amount when step_number = 3 then -amount else 0 end) as unexplained_raw_amount,
        sum(case when step_number < 3 then 0 when step = 'net_revenue' then -rows else rows end) as unexplained_kept_rows,
        sum(case when step_number < 3 then 0 when step = 'net_revenue' then -amount else amount end) as unexplained_kept_amount
    from steps
    group by file_id

)

select * from sides
where
    unexplained_raw_rows <> 0
    or unexplained_raw_amount <> 0
    or unexplained_kept_rows <> 0
    or unexplained_kept_amount <> 0
