with source as (

    select * from {{ source('modelling', 'prediction_parameters') }}

)

select
    fitted_as_of,
    customers,
    repeat_buyers,
    r,
    alpha,
    a,
    b,
    spend_p,
    spend_q,
    spend_gamma,
    purchases_per_day,
    interval_deviation
from source
