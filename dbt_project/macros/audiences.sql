{#- The audiences: every macro called audience_rows__<code>, in alphabetical order. Whoever drops a file into macros/audiences
    and a row into the seed adds an audience; nothing lists them. -#}
{% macro audience_codes() %}
    {%- set codes = [] -%}
    {%- for name in context.keys() if name.startswith('audience_rows__') -%}
        {%- do codes.append(name | replace('audience_rows__', '', 1)) -%}
    {%- endfor -%}
    {{ return(codes | sort) }}
{% endmacro %}

{#- A sentence with figures in it: each {} of the text takes the next SQL expression; one that is null shows as –. -#}
{% macro sentence(text, figures) %}
    {%- set parts = text.split('{}') -%}
    {%- if parts | length != figures | length + 1 -%}
        {{ exceptions.raise_compiler_error("'" ~ text ~ "' has " ~ (parts | length - 1) ~ " places for " ~ (figures | length) ~ " figures") }}
    {%- endif -%}
    '{{ parts[0] | replace("'", "''") }}'
    {%- for figure in figures %}
    || coalesce(cast({{ figure }} as {{ dbt.type_string() }}), '–') || '{{ parts[loop.index] | replace("'", "''") }}'
    {%- endfor -%}
{% endmacro %}

{#- A share as whole per cent. -#}
{% macro per_cent(share) %}cast(round(100 * {{ share }}) as bigint){% endmacro %}

{#- A number of days or times with one decimal at most: 14, 10.5. -#}
{% macro short_number(number) %}
case
    when {{ number }} = floor({{ number }}) then cast(cast({{ number }} as bigint) as {{ dbt.type_string() }})
    else cast(cast({{ number }} as decimal(18, 1)) as {{ dbt.type_string() }})
end
{% endmacro %}

{#- An amount with its unit, as the profiles write it. -#}
{% macro amount_zh(amount) %}{{ amount }} || ' {{ var("currency_zh") }}'{% endmacro %}
{% macro amount_en(amount) %}{{ amount }} || '{{ " " ~ var("currency_en") if var("currency_en") else "" }}'{% endmacro %}

{#- Whoever is asked before a season: not churned, or a buyer of the same season of an earlier year. The occasion is the
    season's first day. -#}
{% macro season_audience(season) %}
with coming as (

    select s.*
    from {{ ref('int_seasons') }} as s
    inner join {{ ref('int_as_of') }} as a
        on
            s.last_date > a.as_of_date
            and s.first_date <= {{ add_days('a.as_of_date', var('audience_season_days_ahead')) }}
    where s.season = '{{ season }}'

),

earlier as (

    select
        p.customer_id,
        count(*) as purchases
    from {{ ref('int_seasons') }} as s
    inner join coming as c on s.first_date < c.first_date
    inner join {{ ref('int_purchases') }} as p on p.purchase_date between s.first_date and s.last_date
    where s.season = '{{ season }}'
    group by p.customer_id

)

select
    l.customer_id,
    c.first_date as occasion_on,
    {{ sentence(
        '{}从 {} 到 {}；往年此季购买 {} 次；最近一次购买距今 {} 天',
        ['c.season_zh', 'c.first_date', 'c.last_date', 'coalesce(e.purchases, 0)', 'l.days_since_last_purchase']
    ) }} as reason_zh,
    {{ sentence(
        '{} from {} to {}; {} purchases in it in earlier years; last purchase {} days ago',
        ['c.season', 'c.first_date', 'c.last_date', 'coalesce(e.purchases, 0)', 'l.days_since_last_purchase']
    ) }} as reason
from {{ ref('customer_lifecycle') }} as l
cross join coming as c
left join earlier as e on l.customer_id = e.customer_id
where l.purchases > 0 and (l.state <> 'churned' or e.purchases > 0)
{% endmacro %}
