{#- The strategy `replace_scope` on Spark, and the contract's NOT NULL. The two validations stand in the adapter without a
    dispatch, so they are replaced by name. -#}

{% macro dbt_spark_validate_get_incremental_strategy(raw_strategy, file_format) %}
    {%- if raw_strategy != 'replace_scope' -%}
        {{ exceptions.raise_compiler_error('models here are incremental by replace_scope, not by ' ~ raw_strategy) }}
    {%- endif -%}
    {{ return(raw_strategy) }}
{% endmacro %}

{#- Parquet has no DELETE and no table is overwritten by what is read from it: the rows that stay and those that come make a
    new table, which takes the old one's name. A run killed in between leaves no table, and the next one builds it whole. -#}
{% macro dbt_spark_get_incremental_sql(strategy, source, target, existing, unique_key, incremental_predicates) %}
    {%- set columns = adapter.get_columns_in_relation(target) | map(attribute='quoted') | join(', ') -%}
    {%- set next = spark__beside(target, 'next') -%}
    {%- do adapter.drop_relation(next) -%}
    {%- do run_query(spark__replaced_scope(next, source, target, unique_key, columns)) -%}
    {%- do persist_constraints(next, model) -%}
    {%- do adapter.drop_relation(existing) -%}
    alter table {{ next }} rename to {{ target }}
{% endmacro %}

{% macro spark__replaced_scope(next, source, target, unique_key, columns) %}
create table {{ next }} using parquet as
with scope as (

    select distinct {{ unique_key }} from {{ ref(config.require('meta')['scope']) }}

)

select {{ columns }} from {{ target }} as t
left anti join scope as s on t.{{ unique_key }} = s.{{ unique_key }}

union all

select {{ columns }} from {{ source }}
{% endmacro %}

{#- Parquet tables hold no constraint: the NULLs are counted once the table is there, before anybody else reads it. -#}
{% macro spark__persist_constraints(relation, model) %}
    {%- if config.get('contract').enforced -%}
        {%- set required = [] -%}
        {%- for column in model.columns.values() -%}
            {%- for constraint in column.constraints if constraint.type == 'not_null' -%}
                {%- do required.append(column.name) -%}
            {%- endfor -%}
        {%- endfor -%}
        {%- if required -%}
            {%- set counted -%}
                select
                {%- for name in required %}
                    count(*) - count({{ name }}) as {{ name }}{{ "," if not loop.last }}
                {%- endfor %}
                from {{ relation }}
            {%- endset -%}
            {%- set found = run_query(counted).rows[0] -%}
            {%- for name in required if found[name] -%}
                {{ exceptions.raise_compiler_error(
                    'NOT NULL: ' ~ relation ~ '.' ~ name ~ ' is NULL in ' ~ found[name] ~ ' rows, and its contract allows none'
                ) }}
            {%- endfor -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
