{#- What the engines write differently and dbt has no macro for. -#}

{% macro json_object(columns) %}{{ return(adapter.dispatch('json_object')(columns)) }}{% endmacro %}

{#- A row as JSON text; NULLs stay as null, times as text. -#}
{% macro default__json_object(columns) %}
    cast(json_object({% for column in columns %}'{{ column }}', {{ column }}{{ ", " if not loop.last }}{% endfor %}) as {{ dbt.type_string() }})
{% endmacro %}

{% macro spark__json_object(columns) %}
    to_json(named_struct({% for column in columns %}'{{ column }}', {{ column }}{{ ", " if not loop.last }}{% endfor %}), map('ignoreNullFields', 'false'))
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

{#- Day of the week by ISO: Monday 1 to Sunday 7. -#}
{% macro iso_weekday(date) %}{{ return(adapter.dispatch('iso_weekday')(date)) }}{% endmacro %}

{% macro default__iso_weekday(date) %}extract(isodow from {{ date }}){% endmacro %}

{% macro spark__iso_weekday(date) %}(weekday({{ date }}) + 1){% endmacro %}
