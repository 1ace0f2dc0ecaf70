{#- Whoever was born on the 29th of February is congratulated on the 28th in other years. A date that would make them 120 or
    more, or not yet born, is no birthday. -#}
{% macro audience_rows__birthday() %}
with born as (

    select
        c.customer_id,
        a.as_of_date,
        cast(extract(year from a.as_of_date) as bigint) as this_year,
        extract(month from c.birth_date) * 100 + extract(day from c.birth_date) as month_and_day
    from {{ ref('dim_customers') }} as c
    inner join {{ ref('int_as_of') }} as a
        on
            c.birth_date <= a.as_of_date
            and extract(year from c.birth_date) > extract(year from a.as_of_date) - 120

),

birthdays as (

    {% for year in ['this_year', 'this_year + 1'] -%}
    select
        customer_id,
        as_of_date,
        {{ birthday_in(year, 'month_and_day') }} as birthday
    from born
    {{ "union all" if not loop.last }}
    {% endfor %}
)

select
    customer_id,
    birthday as occasion_on,
    {{ sentence('生日 {}，还有 {} 天', ['birthday', days_between('as_of_date', 'birthday')]) }} as reason_zh,
    {{ sentence('birthday on {}, in {} days', ['birthday', days_between('as_of_date', 'birthday')]) }} as reason
from birthdays
where birthday > as_of_date and birthday <= {{ add_days('as_of_date', var('audience_birthday_days')) }}
{% endmacro %}

{#- The birthday of a year; both arguments are SQL. -#}
{% macro birthday_in(year, month_and_day) %}
{%- set is_leap_year -%}
(mod({{ year }}, 4) = 0 and (mod({{ year }}, 100) <> 0 or mod({{ year }}, 400) = 0))
{%- endset -%}
{{ date_of(year, 'case when ' ~ month_and_day ~ ' = 229 and not ' ~ is_leap_year ~ ' then 228 else ' ~ month_and_day ~ ' end') }}
{% endmacro %}
