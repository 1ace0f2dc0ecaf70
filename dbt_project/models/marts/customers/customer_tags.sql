with features as (

    select * from {{ ref('int_customer_features') }}

),

rules as (

    select * from {{ ref('tag_rules') }}

),

definitions as (

    select * from {{ ref('tag_definitions') }}

),

-- One row per customer and feature that has a value.
feature_values as (

    {% for name, kind, since in customer_features() -%}
    select
        as_of_date,
        customer_id,
        '{{ name }}' as feature,
        {{ name if kind == 'number' else 'cast(null as double)' }} as number_value,
        {% if kind == 'text' -%}
        cast({{ name }} as {{ dbt.type_string() }}) as text_value,
        {%- else -%}
        cast(null as {{ dbt.type_string() }}) as text_value,
        {%- endif %}
        {{ since }} as since
    from features
    where {{ name }} is not null
    {{ "union all" if not loop.last }}
    {% endfor %}
),

matched as (

    select
        v.as_of_date,
        v.customer_id,
        r.tag_code,
        -- `*` in the seed takes the feature's own value as the tag's.
        case when r.tag_value = '*' then v.text_value else r.tag_value end as tag_value,
        v.feature,
        v.number_value,
        v.text_value,
        r.at_least,
        r.below,
        v.since
    from feature_values as v
    inner join rules as r
        on
            v.feature = r.feature
            and (r.equals is null or v.text_value = r.equals)
            and (r.at_least is null or v.number_value >= r.at_least)
            and (r.below is null or v.number_value < r.below)

),

final as (

    select
        cast(m.as_of_date as date) as as_of_date,
        cast(m.customer_id as {{ dbt.type_string() }}) as customer_id,
        cast(m.tag_code as {{ dbt.type_string() }}) as tag_code,
        cast(d.tag_group as {{ dbt.type_string() }}) as tag_group,
        cast(d.tag_kind as {{ dbt.type_string() }}) as tag_kind,
        cast(m.tag_value as {{ dbt.type_string() }}) as tag_value,
        cast(d.rule_version as {{ dbt.type_string() }}) as rule_version,
        cast(
            m.feature || ' = '
            || coalesce(m.text_value, cast(round(m.number_value, 4) as {{ dbt.type_string() }}))
            || case when m.at_least is not null then ', at least ' || cast(m.at_least as {{ dbt.type_string() }}) else '' end
            || case when m.below is not null then ', below ' || cast(m.below as {{ dbt.type_string() }}) else '' end
            as {{ dbt.type_string() }}
        ) as evidence,
        cast(m.since as date) as valid_from
    from matched as m
    inner join definitions as d on m.tag_code = d.tag_code

)

select * from final
