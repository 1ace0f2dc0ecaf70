with tags as (

    select * from {{ ref('tags') }}

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
    from tags

)

select * from final
