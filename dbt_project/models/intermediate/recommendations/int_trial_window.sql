with as_of as (

    select * from {{ ref('int_as_of') }}

),

months as (

    select cast({{ dbt.date_trunc('month', 'as_of_date') }} as date) as until_date
    from as_of
    where as_of_date is not null

)

select
    {{ add_days('until_date', '-' ~ var('recommendation_trial_days')) }} as split_date,
    until_date
from months
