{#- A table on Spark, built beside the old one and then given its name: models that carry on what they were (a scope that was
    never published) read it meanwhile, and rows that break the contract never stand under it. The adapter's own drops first. -#}
{% materialization table, adapter='spark', supported_languages=['sql', 'python'] %}
    {%- set language = model['language'] -%}
    {%- set old = load_relation(this) -%}
    {%- set built = this.incorporate(type='table') -%}
    {%- set next = spark__next_of(built) if language == 'sql' else built -%}
    {{ run_hooks(pre_hooks) }}
    {%- do adapter.drop_relation(next) -%}
    {%- call statement('main', language=language) -%}
        {{ create_table_as(False, next, compiled_code, language) }}
    {%- endcall -%}
    {%- do persist_constraints(next, model) -%}
    {%- if language == 'sql' -%}
        {%- if old is not none %}{% do adapter.drop_relation(old) %}{% endif -%}
        {%- do run_query('alter table ' ~ next ~ ' rename to ' ~ built) -%}
    {%- endif -%}
    {%- do persist_docs(built, model) -%}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [built]}) }}
{% endmaterialization %}

{#- The name under which the next state of a table is built. -#}
{% macro spark__next_of(relation) %}
    {{ return(relation.incorporate(path={'identifier': relation.identifier ~ '__next'}, type='table')) }}
{% endmacro %}

{#- A table beside the model's own that holds what its SQL reads several times; it stays until the next night. -#}
{% macro spark__put_aside(name, query) %}
    {%- set relation = this.incorporate(path={'identifier': this.identifier ~ '__' ~ name}, type='table') -%}
    {%- if execute and flags.WHICH in ['build', 'run'] -%}
        {%- do adapter.drop_relation(relation) -%}
        {%- do run_query('create table ' ~ relation ~ ' using parquet as ' ~ query) -%}
    {%- endif -%}
    {{ return(relation) }}
{% endmacro %}
