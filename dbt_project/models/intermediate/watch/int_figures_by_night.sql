with as_of as (

    select * from {{ ref('int_as_of') }}

),

published as (

    select * from {{ ref('stg_audit__published_figures') }}

),

tonight as (

    select * from {{ ref('int_figures_tonight') }}

),

-- Published later than the as-of date: then this run is of a day of the past, and its figures are no night's.
later_nights as (

    select count(*) as nights
    from published as p
    inner join as_of as a on p.as_of_date > a.as_of_date

),

final as (

    select
        p.as_of_date,
        p.measure,
        p.subject,
        p.part,
        p.value,
        p.base
    from published as p
    inner join as_of as a on p.as_of_date < a.as_of_date

    union all

    select
        t.as_of_date,
        t.measure,
        t.subject,
        t.part,
        t.value,
        t.base
    from tonight as t
    inner join later_nights as l on l.nights = 0

)

select * from final
