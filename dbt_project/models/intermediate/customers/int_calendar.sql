with data_range as (

    select * from {{ ref('int_data_range') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

digits as (

    {% for digit in range(10) -%}
    select {{ digit }} as digit
    {{ "union all" if not loop.last }}
    {% endfor %}
),

-- 0 to 9999: twenty-seven years of days.
numbers as (

    select a.digit + 10 * b.digit + 100 * c.digit + 1000 * d.digit as day_number
    from digits as a
    cross join digits as b
    cross join digits as c
    cross join digits as d

),

final as (

    select {{ add_days('r.first_order_date', 'n.day_number') }} as calendar_date
    from data_range as r
    cross join as_of as a
    cross join numbers as n
    where n.day_number <= {{ days_between('r.first_order_date', 'a.as_of_date') }}

)

select * from final
