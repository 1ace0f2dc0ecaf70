{{ config(meta={'dagster': {'ref': {'name': 'rfm_cut_points'}}}) }}

-- Every measure has its four cut points, and a higher score is harder to earn; else a score could never be given.
with cut_points as (

    select
        measure,
        score,
        case when measure = 'r' then -cut_point else cut_point end as asked
    from {{ ref('rfm_cut_points') }}

)

select
    a.measure,
    a.score
from cut_points as a
inner join cut_points as b on a.measure = b.measure and a.score < b.score and a.asked >= b.asked

union all

select
    measure,
    count(*) as score
from cut_points
group by measure
having count(*) <> 4
