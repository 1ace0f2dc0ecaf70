with rfm as (

    select * from {{ ref('customer_rfm') }}

),

means as (

    select
        cast(avg(monetary) as double) as mean_amount,
        avg(frequency) as mean_frequency
    from rfm

),

levelled as (

    select
        r.as_of_date,
        r.customer_id,
        r.monetary,
        r.frequency,
        m.mean_amount,
        m.mean_frequency,
        case when r.monetary >= m.mean_amount then 'high' else 'low' end as amount_level,
        case when r.frequency >= m.mean_frequency then 'high' else 'low' end as frequency_level
    from rfm as r
    cross join means as m

),

final as (

    select
        as_of_date,
        customer_id,
        monetary,
        frequency,
        cast(mean_amount as double) as mean_amount,
        cast(mean_frequency as double) as mean_frequency,
        cast(amount_level as {{ dbt.type_string() }}) as amount_level,
        cast(frequency_level as {{ dbt.type_string() }}) as frequency_level,
        cast(
            case
                when amount_level = 'high' and frequency_level = 'high' then 'premium'
                when amount_level = 'high' then 'potential'
                when frequency_level = 'high' then 'problem'
                else 'pending'
            end as {{ dbt.type_string() }}
        ) as quadrant,
        cast(
            case
                when amount_level = 'high' and frequency_level = 'high' then '优质'
                when amount_level = 'high' then '潜力'
                when frequency_level = 'high' then '问题'
                else '待定'
            end as {{ dbt.type_string() }}
        ) as quadrant_zh
    from levelled

)

select * from final
