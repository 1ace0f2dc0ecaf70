with results as (

    select * from {{ ref('int_ab_statistics') }}

),

variants as (

    select * from {{ ref('int_ab_variants') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

final as (

    select
        cast(a.as_of_date as date) as as_of_date,
        cast(r.campaign_id as {{ dbt.type_string() }}) as campaign_id,
        cast(r.variant as {{ dbt.type_string() }}) as variant,
        cast(r.metric as {{ dbt.type_string() }}) as metric,
        cast(r.variant = r.control_variant as boolean) as is_control,
        cast(r.control_variant as {{ dbt.type_string() }}) as control_variant,
        cast(r.method as {{ dbt.type_string() }}) as method,
        cast(r.units as bigint) as units,
        cast(v.excluded as bigint) as excluded_customers,
        cast(r.mean as double) as mean,
        cast(r.mean_low as double) as mean_low,
        cast(r.mean_high as double) as mean_high,
        cast(r.difference as double) as difference,
        cast(r.ci_low as double) as ci_low,
        cast(r.ci_high as double) as ci_high,
        cast(r.p_value as double) as p_value,
        cast(r.sample_ratio_p_value as double) as sample_ratio_p_value,
        cast(r.minimum_detectable_effect as double) as minimum_detectable_effect
    from results as r
    inner join variants as v on r.campaign_id = v.campaign_id and r.variant = v.variant
    cross join as_of as a

)

select * from final
