{#- The seasons of a year as dates. -#}

{#- The date of a number of month and day (1111 is the 11th of November) in a year; both are SQL. -#}
{% macro date_of(year, month_and_day) %}
cast(
    cast(cast({{ year }} as bigint) as {{ dbt.type_string() }})
    || '-' || substring(cast(10000 + cast({{ month_and_day }} as bigint) as {{ dbt.type_string() }}), 2, 2)
    || '-' || substring(cast(10000 + cast({{ month_and_day }} as bigint) as {{ dbt.type_string() }}), 4, 2)
    as date
)
{% endmacro %}

{#- First and last day of the shop's anniversary, as numbers of month and day: a week from the day in var
    shop_anniversary. A common year counts, so that both are days of every year. -#}
{% macro shop_anniversary_days() %}
    {%- set day = var('shop_anniversary') | string -%}
    {%- if not modules.re.fullmatch('(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])', day) -%}
        {{ exceptions.raise_compiler_error("var shop_anniversary is '" ~ day ~ "'; write month and day, such as 05-20") }}
    {%- endif -%}
    {%- set day = '02-28' if day == '02-29' else day -%}
    {%- set first = modules.datetime.date.fromisoformat('2001-' ~ day) -%}
    {%- set last = first + modules.datetime.timedelta(days=6) -%}
    {%- set last = modules.datetime.date(2001, 12, 31) if last.year > 2001 else last -%}
    {{ return([first.month * 100 + first.day, last.month * 100 + last.day]) }}
{% endmacro %}
