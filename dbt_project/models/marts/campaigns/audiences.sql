with definitions as (

    select * from {{ ref('audience_definitions') }}

),

places as (

    select * from {{ ref('int_audience_places') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

inputs as (

    select * from {{ ref('int_supplied_inputs') }}

),

counted as (

    select
        code,
        count(*) as matched,
        sum(case when standing = 'listed' then 1 else 0 end) as listed,
        sum(case when standing = 'listed' and is_holdout then 1 else 0 end) as held_out,
        {% for standing in ['opted_out', 'refunded', 'resting', 'later', 'outranked'] -%}
        sum(case when standing = '{{ standing }}' then 1 else 0 end) as {{ standing }}{{ "," if not loop.last }}
        {% endfor %}
    from places
    group by code

),

missing as (

    select
        d.code,
        {{ dbt.listagg(measure="i.input", delimiter_text="', '", order_by_clause="order by i.input") }} as missing_inputs
    from definitions as d
    inner join inputs as i on ',' || d.inputs || ',' like '%,' || i.input || ',%' and i.supplied = 0
    group by d.code

),

final as (

    select
        cast(a.as_of_date as date) as as_of_date,
        cast(d.code as {{ dbt.type_string() }}) as code,
        cast(d.name_zh as {{ dbt.type_string() }}) as name_zh,
        cast(d.name_en as {{ dbt.type_string() }}) as name_en,
        cast(d.is_active as boolean) as is_active,
        cast(d.rule as {{ dbt.type_string() }}) as rule,
        cast(d.rule_zh as {{ dbt.type_string() }}) as rule_zh,
        cast(d.rule_version as {{ dbt.type_string() }}) as rule_version,
        cast(d.action as {{ dbt.type_string() }}) as action,
        cast(d.action_zh as {{ dbt.type_string() }}) as action_zh,
        cast(d.channel as {{ dbt.type_string() }}) as channel,
        cast(d.priority as bigint) as priority,
        cast(d.rest_days as bigint) as rest_days,
        cast({{ var('audience_messages_per_week') }} as bigint) as messages_per_week,
        cast(d.holdout_share as double) as holdout_share,
        cast(coalesce(c.matched, 0) as bigint) as matched_customers,
        cast(coalesce(c.opted_out, 0) as bigint) as opted_out_customers,
        cast(coalesce(c.refunded, 0) as bigint) as refunded_customers,
        cast(coalesce(c.resting, 0) as bigint) as resting_customers,
        cast(coalesce(c.later, 0) as bigint) as later_customers,
        cast(coalesce(c.outranked, 0) as bigint) as outranked_customers,
        cast(coalesce(c.listed, 0) as bigint) as customers,
        cast(coalesce(c.held_out, 0) as bigint) as holdout_customers,
        cast(m.missing_inputs as {{ dbt.type_string() }}) as missing_inputs
    from definitions as d
    cross join as_of as a
    left join counted as c on d.code = c.code
    left join missing as m on d.code = m.code

)

select * from final
