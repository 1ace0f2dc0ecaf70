with calendar as (

    select * from {{ ref('int_calendar') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

definitions as (

    select season, season_zh, kind, year, first_day, last_day
    from {{ ref('shopping_seasons') }}
    {% if var('shop_anniversary') -%}
    union all
    select
        'Shop anniversary' as season,
        '店庆' as season_zh,
        'sale' as kind,
        cast(null as bigint) as year,
        {{ shop_anniversary_days()[0] }} as first_day,
        {{ shop_anniversary_days()[1] }} as last_day
    {%- endif %}

),

-- From the first year of the data to the year after the as-of date.
years as (

    select distinct cast(extract(year from calendar_date) as bigint) as calendar_year from calendar
    union
    select cast(extract(year from as_of_date) as bigint) as calendar_year from as_of where as_of_date is not null
    union
    select cast(extract(year from as_of_date) as bigint) + 1 as calendar_year from as_of where as_of_date is not null

),

final as (

    select
        d.season,
        d.season_zh,
        d.kind,
        y.calendar_year,
        {{ date_of('y.calendar_year', 'd.first_day') }} as first_date,
        {{ date_of('y.calendar_year', 'd.last_day') }} as last_date
    from definitions as d
    inner join years as y on d.year is null or d.year = y.calendar_year

)

select * from final
