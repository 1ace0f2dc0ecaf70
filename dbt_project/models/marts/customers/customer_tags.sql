with features as (

    select * from {{ ref('int_customer_features') }}

),

sql_tags as (

    select * from {{ ref('int_sql_tags') }}

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

-- All that a rule says is put together once, not for every customer.
worded_rules as (

    select
        r.*,
        d.tag_group,
        d.tag_kind,
        d.rule_version,
        r.feature || ' = ' as evidence_start,
        case when r.at_least is not null then ', at least ' || cast(r.at_least as {{ dbt.type_string() }}) else '' end
        || case when r.below is not null then ', below ' || cast(r.below as {{ dbt.type_string() }}) else '' end
            as evidence_end
    from rules as r
    inner join definitions as d on r.tag_code = d.tag_code

),

given as (

    select
        v.as_of_date,
        v.customer_id,
        r.tag_code,
        r.tag_group,
        r.tag_kind,
        -- `*` in the seed takes the feature's own value as the tag's.
        case when r.tag_value = '*' then v.text_value else r.tag_value end as tag_value,
        r.rule_version,
        r.evidence_start
        || coalesce(v.text_value, {{ number_text('v.number_value') }})
        || r.evidence_end as evidence,
        v.since
    from feature_values as v
    inner join worded_rules as r
        on
            v.feature = r.feature
            and (r.equals is null or v.text_value = r.equals)
            and (r.at_least is null or v.number_value >= r.at_least)
            and (r.below is null or v.number_value < r.below)

    union all

    select
        s.as_of_date,
        s.customer_id,
        s.tag_code,
        d.tag_group,
        d.tag_kind,
        s.tag_value,
        d.rule_version,
        s.evidence,
        s.since
    from sql_tags as s
    inner join definitions as d on s.tag_code = d.tag_code

),

final as (

    select
        cast(as_of_date as date) as as_of_date,
        cast(customer_id as {{ dbt.type_string() }}) as customer_id,
        cast(tag_code as {{ dbt.type_string() }}) as tag_code,
        cast(tag_group as {{ dbt.type_string() }}) as tag_group,
        cast(tag_kind as {{ dbt.type_string() }}) as tag_kind,
        cast(tag_value as {{ dbt.type_string() }}) as tag_value,
        cast(rule_version as {{ dbt.type_string() }}) as rule_version,
        cast(evidence as {{ dbt.type_string() }}) as evidence,
        cast(since as date) as valid_from
    from given

)

select * from final
