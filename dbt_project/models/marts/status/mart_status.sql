with as_of as (

    select * from {{ ref('int_as_of') }}

),

files as (

    select * from {{ ref('ingested_files') }} where status in ('loaded', 'replaced')

),

last_arrivals as (

    select
        source,
        max(loaded_at) as last_loaded_at,
        cast('{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S") }}' as timestamp) as started_at
    from files
    where source is not null
    group by source

),

-- A source that has brought no new file for so long is late; the times of both are UTC.
arrivals as (

    select
        source,
        {{ dbt.datediff('last_loaded_at', 'started_at', 'hour') }}
            as hours_ago
    from last_arrivals

),

freshness as (

    select
        case
            when min(hours_ago) <= {{ env_var('FRESH_HOURS', '30') }} then 'fresh'
            when min(hours_ago) <= 2 * {{ env_var('FRESH_HOURS', '30') }} then 'late'
            else 'stale'
        end as freshness,
        {{ dbt.listagg(
            measure="case when hours_ago > " ~ env_var('FRESH_HOURS', '30') ~ " then source end",
            delimiter_text="', '",
            order_by_clause="order by source"
        ) }} as late_sources
    from arrivals
    having count(*) > 0

),

inputs as (

    select * from {{ ref('int_supplied_inputs') }}

),

counted as (

    {% for mart, needs in published_marts() -%}
    select '{{ mart }}' as mart, count(*) as row_count from {{ ref(mart) }}
    {{ "union all" if not loop.last }}
    {% endfor %}
),

needed as (

    {% for mart, needs in published_marts() if needs -%}
    {% set last_mart = loop.last -%}
    {% for need in needs -%}
    select '{{ mart }}' as mart, '{{ need }}' as input, {{ loop.index }} as position
    {{ "union all" if not (loop.last and last_mart) }}
    {% endfor %}
    {%- endfor %}
),

missing as (

    select
        n.mart,
        {{ dbt.listagg(measure="n.input", delimiter_text="', '", order_by_clause="order by n.position") }} as missing_inputs
    from needed as n
    inner join inputs as i on n.input = i.input and i.supplied = 0
    group by n.mart

),

final as (

    select
        cast(c.mart as {{ dbt.type_string() }}) as mart,
        cast(c.row_count as bigint) as rows,
        cast(a.as_of_date as date) as as_of_date,
        cast('{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S") }}' as timestamp) as built_at,
        cast(m.missing_inputs as {{ dbt.type_string() }}) as missing_inputs,
        cast(h.freshness as {{ dbt.type_string() }}) as freshness,
        cast(h.late_sources as {{ dbt.type_string() }}) as late_sources
    from counted as c
    cross join as_of as a
    left join freshness as h on true
    left join missing as m on c.mart = m.mart

)

select * from final
