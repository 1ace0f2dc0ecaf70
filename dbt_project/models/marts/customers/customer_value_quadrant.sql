with snapshots as (

    select * from {{ ref('int_as_of_snapshots') }}

),

labels as (

    select * from {{ ref('int_as_of_labels') }}

),

cut_points as (

    select * from {{ ref('int_as_of_cut_points') }}

),

final as (

    select
        cast(p.snapshot_date as date) as as_of_date,
        cast(p.customer_id as {{ dbt.type_string() }}) as customer_id,
        cast(p.monetary as decimal(18, 2)) as monetary,
        cast(p.frequency as bigint) as frequency,
        cast(c.amount_threshold as double) as amount_threshold,
        cast(c.frequency_threshold as double) as frequency_threshold,
        cast(s.amount_level as {{ dbt.type_string() }}) as amount_level,
        cast(s.frequency_level as {{ dbt.type_string() }}) as frequency_level,
        cast(s.quadrant as {{ dbt.type_string() }}) as quadrant,
        cast(
            case s.quadrant
                when 'premium' then '优质'
                when 'potential' then '潜力'
                when 'problem' then '问题'
                when 'pending' then '待定'
            end as {{ dbt.type_string() }}
        ) as quadrant_zh
    from snapshots as p
    cross join cut_points as c
    inner join labels as s on p.customer_id = s.customer_id
    where p.frequency > 0

)

select * from final
