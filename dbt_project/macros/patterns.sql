{#-
  Patterns of seeds as constant regular expressions. A seed of patterns has columns `language` (zh, en) and `pattern` (words
  between bars); it is read while the model is compiled, so that the engine sees one constant per code. Joining the texts with
  the seed instead makes the engine compile a pattern anew for each pair of rows, and costs a hundred times as much.
-#}

{#- Whether the text holds something that the pattern (a constant in SQL quotes) describes; null stays null. -#}
{% macro text_matches(text, pattern) %}{{ return(adapter.dispatch('text_matches')(text, pattern)) }}{% endmacro %}

{% macro default__text_matches(text, pattern) %}regexp_matches({{ text }}, {{ pattern }}){% endmacro %}

{% macro spark__text_matches(text, pattern) %}({{ text }} rlike {{ pattern }}){% endmacro %}

{#- One constant in SQL quotes from rows of a seed: Chinese words count anywhere, since nothing stands between words; others
    between marks only. No backslash is written, which the engines read differently inside quotes. -#}
{% macro pattern_constant(rows) %}
    {%- set parts = [] -%}
    {%- for row in rows -%}
        {%- if row['language'] == 'zh' -%}
            {%- do parts.append(row['pattern']) -%}
        {%- else -%}
            {%- do parts.append('(^|[^a-z])(' ~ row['pattern'] ~ ')([^a-z]|$)') -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return("'" ~ parts | join('|') | replace("'", "''") ~ "'") }}
{% endmacro %}

{#-
  The codes of a seed of patterns, each with its constant: a list of dictionaries with `code` and `pattern`, in the order of
  `order_by`. While the project is only parsed there is nothing to read, and one code that matches nothing stands in.
-#}
{% macro compiled_patterns(seed, code_column, order_by) %}
    {%- if not execute -%}
        {%- do ref(seed) -%}
        {{ return([{'code': 'nothing', 'pattern': "'^$'"}]) }}
    {%- endif -%}
    {#- By name, because a unit test may not ref what it is not given: it is compiled with the seed as it stands. -#}
    {%- set relation = load_relation(
        api.Relation.create(database=target.database | default(none), schema=generate_schema_name('seeds'), identifier=seed)
    ) -%}
    {#- A linter compiles without a database; whoever builds must have the patterns. -#}
    {%- if relation is none and flags.WHICH not in ['build', 'run', 'test'] -%}
        {{ return([{'code': 'nothing', 'pattern': "'^$'"}]) }}
    {%- elif relation is none -%}
        {{ exceptions.raise_compiler_error('the seed ' ~ seed ~ ' is not loaded yet: dbt seed --select ' ~ seed) }}
    {%- endif -%}
    {%- set found = run_query(
        'select ' ~ code_column ~ ', language, pattern from ' ~ relation ~ ' order by ' ~ order_by ~ ', language desc'
    ) -%}
    {%- set compiled = [] -%}
    {%- for code, rows in found.rows | groupby(code_column) -%}
        {%- do compiled.append({'code': code, 'pattern': pattern_constant(rows)}) -%}
    {%- endfor -%}
    {%- set ordered = [] -%}
    {%- for row in found.rows -%}
        {%- if row[code_column] not in ordered -%}{%- do ordered.append(row[code_column]) -%}{%- endif -%}
    {%- endfor -%}
    {%- set result = [] -%}
    {%- for code in ordered -%}
        {%- do result.append(compiled | selectattr('code', 'equalto', code) | first) -%}
    {%- endfor -%}
    {{ return(result) }}
{% endmacro %}

{#- Rows of a tag: the aspects that a customer's reviews of one mood speak of; one review that names an aspect is enough. -#}
{% macro spoken_of(mood, condition) %}
with aspects as (

    select distinct aspect from {{ ref('review_aspects') }}

)

select
    r.customer_id,
    s.aspect as tag_value,
    'in ' || cast(count(*) as {{ dbt.type_string() }})
    || case when count(*) = 1 then ' {{ mood }} review' else ' {{ mood }} reviews' end as evidence,
    cast(max(r.reviewed_at) as date) as since
from {{ ref('fct_reviews') }} as r
inner join {{ ref('int_as_of') }} as a on cast(r.reviewed_at as date) <= a.as_of_date
inner join aspects as s on ', ' || r.topics || ',' like '%, ' || s.aspect || ',%'
where r.customer_id is not null and {{ condition }}
group by r.customer_id, s.aspect
{% endmacro %}
