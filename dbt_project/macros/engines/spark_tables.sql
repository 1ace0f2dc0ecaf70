{#- A table on Spark, built beside the old one and then given its name: models that carry on what they were (a scope that was
    never published) read it meanwhile, and rows that break the contract never stand under it. The adapter's own drops first. -#}
{% materialization table, adapter='spark', supported_languages=['sql', 'python'] %}
    {%- set language = model['language'] -%}
    {%- set old = load_relation(this) -%}
    {%- set built = this.incorporate(type='table') -%}
    {%- set next = spark__beside(built, 'next') if language == 'sql' else built -%}
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

{#- A table that stands beside another one; `next` is the state that will take its name. -#}
{% macro spark__beside(relation, what) %}
    {{ return(relation.incorporate(path={'identifier': relation.identifier ~ '__' ~ what}, type='table')) }}
{% endmacro %}

{#- A table beside the model's own that holds what its SQL reads several times; it stays until the next night. -#}
{% macro spark__put_aside(name, query) %}
    {%- set relation = spark__beside(this, name) -%}
    {%- if execute and flags.WHICH in ['build', 'run'] -%}
        {%- do adapter.drop_relation(relation) -%}
        {%- do run_query('create table ' ~ relation ~ ' using parquet as ' ~ query) -%}
    {%- endif -%}
    {{ return(relation) }}
{% endmacro %}
