with cut_points as (

    select * from {{ ref('int_cut_points') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

final as (

    select
        cast(a.as_of_date as date) as as_of_date,
        cast(c.snapshot_date as date) as snapshot_date,
        cast(c.customers as bigint) as customers,
        cast('{{ var("rfm_method") }}' as {{ dbt.type_string() }}) as scoring_method,
        {% for measure, type in [('r', 'bigint'), ('f', 'bigint'), ('m', 'decimal(18, 2)')] -%}
        {% for score in range(2, 6) -%}
        cast(c.{{ measure }}_{{ score }} as {{ type }}) as {{ measure }}_{{ score }},
        {% endfor -%}
        {% endfor -%}
        cast(c.r_mean as double) as r_mean,
        cast(c.f_mean as double) as f_mean,
        cast(c.m_mean as double) as m_mean,
        cast(c.amount_threshold as double) as amount_threshold,
        cast(c.frequency_threshold as double) as frequency_threshold,
        cast(c.interval_count as bigint) as interval_count,
        cast(c.is_from_own_intervals as boolean) as is_from_own_intervals,
        c.silent_after_days,
        c.sleeping_after_days,
        c.churned_after_days
    from cut_points as c
    cross join as_of as a

)

select * from final
