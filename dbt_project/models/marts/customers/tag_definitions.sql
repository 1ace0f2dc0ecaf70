with tags as (

    select * from {{ ref('tags') }}

),

-- A tag that is a file describes itself there.
described as (

    select
        tag_code,
        tag_group,
        tag_kind,
        name_zh,
        name_en,
        description,
        rule_version,
        inputs
    from tags

    {% for code in sql_tag_codes() -%}
    {% set tag = context['tag_definition__' ~ code]() -%}
    union all

    select
        '{{ code }}' as tag_code,
        {% for column in ['tag_group', 'tag_kind', 'name_zh', 'name_en', 'description', 'rule_version', 'inputs'] -%}
        '{{ dbt.escape_single_quotes(tag[column]) }}' as {{ column }}{{ "," if not loop.last }}
        {% endfor %}
    {% endfor %}
),

final as (

    select
        cast(tag_code as {{ dbt.type_string() }}) as tag_code,
        cast(tag_group as {{ dbt.type_string() }}) as tag_group,
        cast(tag_kind as {{ dbt.type_string() }}) as tag_kind,
        cast(name_zh as {{ dbt.type_string() }}) as name_zh,
        cast(name_en as {{ dbt.type_string() }}) as name_en,
        cast(description as {{ dbt.type_string() }}) as description,
        cast(rule_version as {{ dbt.type_string() }}) as rule_version,
        cast(inputs as {{ dbt.type_string() }}) as inputs
    from described

)

select * from final
