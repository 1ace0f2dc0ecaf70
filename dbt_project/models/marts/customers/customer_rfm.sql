with snapshots as (

    select * from {{ ref('int_as_of_snapshots') }}

),

labels as (

    select * from {{ ref('int_as_of_labels') }}

),

final as (

    select
        cast(p.snapshot_date as date) as as_of_date,
        cast(p.customer_id as {{ dbt.type_string() }}) as customer_id,
        cast(p.recency_days as bigint) as recency_days,
        cast(p.frequency as bigint) as frequency,
        cast(p.monetary as decimal(18, 2)) as monetary,
        s.r_score,
        s.f_score,
        s.m_score,
        cast(s.r_score * 100 + s.f_score * 10 + s.m_score as {{ dbt.type_string() }}) as rfm_score,
        cast(s.segment as {{ dbt.type_string() }}) as segment,
        cast(s.value_class as {{ dbt.type_string() }}) as value_class,
        cast(s.frequency_class as {{ dbt.type_string() }}) as frequency_class,
        {{ half_up('p.monetary / p.frequency', 18, 2) }} as average_order_value,
        cast('{{ var("rfm_method") }}' as {{ dbt.type_string() }}) as scoring_method
    from snapshots as p
    inner join labels as s on p.customer_id = s.customer_id
    where p.frequency > 0

)

select * from final
