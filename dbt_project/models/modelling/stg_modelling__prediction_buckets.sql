with source as (

    select * from {{ source('modelling', 'prediction_buckets') }}

)

select
    fitted_as_of,
    horizon_days,
    recency_from,
    recency_below,
    frequency_from,
    frequency_below,
    customers,
    buyer_share,
    purchases
from source
