{#- What the engines write differently and dbt has no macro for. -#}

{% macro json_object(columns) %}{{ return(adapter.dispatch('json_object')(columns)) }}{% endmacro %}

{#- A row as JSON text; NULLs stay as null, times as text. -#}
{% macro default__json_object(columns) %}
    cast(json_object({% for column in columns %}'{{ column }}', {{ column }}{{ ", " if not loop.last }}{% endfor %}) as {{ dbt.type_string() }})
{% endmacro %}

{#- Spark writes times with six digits behind the seconds, the zeros among them. -#}
{% macro spark__json_object(columns) %}
    {%- set options = "map('ignoreNullFields', 'false', 'timestampNTZFormat', 'yyyy-MM-dd HH:mm:ss.SSSSSS')" -%}
    regexp_replace(
        regexp_replace(
            to_json(named_struct({% for column in columns %}'{{ column }}', {{ column }}{{ ", " if not loop.last }}{% endfor %}), {{ options }}),
            '(:[0-9]{2})[.]000000"', '$1"'
        ),
        '(:[0-9]{2}[.][0-9]{0,5}[1-9])0+"', '$1"'
    )
{% endmacro %}

{#- Whole months from `first` to `second` by calendar month, whatever the day: dbt.datediff is off by one at month
    ends on one of the engines. -#}
{% macro months_between_dates(first, second) %}
    cast((extract(year from {{ second }}) - extract(year from {{ first }})) * 12
    + (extract(month from {{ second }}) - extract(month from {{ first }})) as bigint)
{% endmacro %}

{#- Whole days from `first` to `second`. -#}
{% macro days_between(first, second) %}
    cast({{ dbt.datediff(first, second, 'day') }} as bigint)
{% endmacro %}

{#- `date` moved by `days` (may be an expression), as a date. -#}
{% macro add_days(date, days) %}{{ return(adapter.dispatch('add_days')(date, days)) }}{% endmacro %}

{% macro default__add_days(date, days) %}cast({{ date }} + cast({{ days }} as integer) as date){% endmacro %}

{% macro spark__add_days(date, days) %}date_add({{ date }}, cast({{ days }} as int)){% endmacro %}

{#- `time` moved by a constant number of days, the hour kept. -#}
{% macro add_days_to_time(time, days) %}{{ return(adapter.dispatch('add_days_to_time')(time, days)) }}{% endmacro %}

{% macro default__add_days_to_time(time, days) %}{{ dbt.dateadd('day', days, time) }}{% endmacro %}

{#- dbt's macro gives a time with a zone there. -#}
{% macro spark__add_days_to_time(time, days) %}({{ time }} + make_interval(0, 0, 0, {{ days }})){% endmacro %}

{#- Day of the week by ISO: Monday 1 to Sunday 7. -#}
{% macro iso_weekday(date) %}{{ return(adapter.dispatch('iso_weekday')(date)) }}{% endmacro %}

{% macro default__iso_weekday(date) %}extract(isodow from {{ date }}){% endmacro %}

{% macro spark__iso_weekday(date) %}(weekday({{ date }}) + 1){% endmacro %}

{#- A computed number as a decimal, ties away from zero. Engines disagree about the last digit when a double is cast: 0.285
    is just below the tie, and one rounds what is stored, the other what is printed. Nine digits hide that difference. -#}
{% macro half_up(value, precision, scale) %}
cast(cast({{ value }} as decimal(28, 9)) as decimal({{ precision }}, {{ scale }}))
{%- endmacro %}

{#- A double rounded in the same way. -#}
{% macro rounded(value, digits) %}cast({{ half_up(value, 28, digits) }} as double){% endmacro %}

{#- The mean of decimals as a double. The average of a decimal is itself a decimal on some engines, which cuts it after a few
    digits; a sum of decimals is exact everywhere. -#}
{% macro mean_of_decimals(value) %}
(cast(sum({{ value }}) as double) / nullif(count({{ value }}), 0))
{%- endmacro %}

{#- A number with at most so many digits behind the point and at least one, as text: 0.0009, 0.5, 2.0. -#}
{% macro number_text(value, digits=4) %}{{ return(adapter.dispatch('number_text')(value, digits)) }}{% endmacro %}

{% macro default__number_text(value, digits) %}cast({{ rounded(value, digits) }} as {{ dbt.type_string() }}){% endmacro %}

{#- A small double is written as 9.0E-4 there. -#}
{% macro spark__number_text(value, digits) %}
regexp_replace(cast({{ half_up(value, 28, digits) }} as string), '([.][0-9]+?)0+$', '$1')
{%- endmacro %}

{#- A CTE that many others read. Some engines keep its rows, others would compute them for each reader. `before` are the CTEs
    that its query names, as they stand in the model. -#}
{% macro read_often(name, query, before=none) %}{{ return(adapter.dispatch('read_often')(name, query, before)) }}{% endmacro %}

{% macro default__read_often(name, query, before) %}
{{ name }} as (
{{ query }}
)
{%- endmacro %}

{% macro spark__read_often(name, query, before) %}
{{ name }} as (

    select * from {{ spark__put_aside(name, ('with ' ~ before if before else '') ~ query) }}

)
{%- endmacro %}

{#- A short key for a long id, for tables that are joined with themselves: numbers take half the time there. A cluster would
    have to count all rows in one place for them, and joins by the id. -#}
{% macro join_key(id) %}{{ return(adapter.dispatch('join_key')(id)) }}{% endmacro %}

{% macro default__join_key(id) %}dense_rank() over (order by {{ id }}){% endmacro %}

{% macro spark__join_key(id) %}{{ id }}{% endmacro %}

{#- dbt's macro for Spark knows no order, which the engine has meanwhile. -#}
{% macro spark__listagg(measure, delimiter_text, order_by_clause, limit_num) %}
    listagg({{ measure }}, {{ delimiter_text }}) within group ({{ order_by_clause }})
{% endmacro %}
