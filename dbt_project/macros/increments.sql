{#- What makes a day cost a day. The nightly run rebuilds only what the new files touch; `--full-refresh` rebuilds all, and
    both give the same tables (tests/pipeline/test_increments.py).

    A *scope* is a small table of keys that have to be built again: orders, facts, customers, dates. A model that takes part
    is `materialized='incremental'` with strategy `replace_scope`, its `unique_key` and the `scope`: all its rows with a key
    of the scope go, and the rows that the model's SQL gives for these keys come. A key that has no rows any more (an order
    that moved to another customer) is gone, which dbt's own delete+insert would leave. -#}

{#- True for a row that has to be built: `column` is in the scope, or everything is built. -#}
{% macro in_scope(column, scope, key=none) %}
{%- if not execute %}{% do ref(scope) %}{% endif -%}
{#- A unit test has no table of its own. -#}
{%- if this is not none and is_incremental() -%}
{{ column }} in (select s.{{ key or column.split('.') | last }} from {{ ref(scope) }} as s)
{%- else -%}
1 = 1
{%- endif -%}
{% endmacro %}

{% macro get_incremental_replace_scope_sql(arguments) %}
{%- set target = arguments['target_relation'] -%}
{%- set key = arguments['unique_key'] -%}
{%- set columns = get_quoted_csv(arguments['dest_columns'] | map(attribute='name')) -%}
delete from {{ target }}
where {{ key }} in (select s.{{ key }} from {{ ref(config.require('meta')['scope']) }} as s);

insert into {{ target }} ({{ columns }})
select {{ columns }} from {{ arguments['temp_relation'] }}
{% endmacro %}

{#- A table as the last build left it; none before it was ever built. It is asked for by name where a ref would run in a
    circle: what is touched follows from what stands. -#}
{% macro standing(schema, name) %}
{{ return(load_relation(api.Relation.create(database=this.database, schema=generate_schema_name(schema), identifier=name))) }}
{% endmacro %}

{#- Whether a scope has to be worked out: not when everything is built again. -#}
{% macro builds_a_part() %}
{{ return(execute and this is not none and not flags.FULL_REFRESH and load_relation(this) is not none) }}
{% endmacro %}

{#- The rows of a scope that a run left which was never published: its keys may stand half built. -#}
{% macro unfinished_scope(columns) %}
select {{ columns }} from {{ this }}
where epoch = (select b.epoch from {{ ref('stg_audit__builds') }} as b)
{% endmacro %}
