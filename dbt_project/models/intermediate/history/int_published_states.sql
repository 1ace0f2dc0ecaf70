{%- set dimensions = state_dimensions() -%}
with published_states as (

    select * from {{ ref('stg_audit__published_states') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

-- What later nights said is not known on this date.
known as (

    select p.*
    from published_states as p
    inner join as_of as a on p.as_of_date < a.as_of_date

),

followed as (

    select
        *,
        lead(as_of_date) over (partition by customer_id order by as_of_date) as next_as_of_date
    from known

),

final as (

    select
        as_of_date as published_from,
        next_as_of_date as published_until,
        customer_id,
        {% for dimension in dimensions -%}
        {{ dimension }}{{ "," if not loop.last }}
        {% endfor %}
    from followed

)

select * from final
