with source as (

    select * from {{ source('modelling', 'prediction_nodes') }}

)

select
    fitted_as_of,
    node,
    dropout,
    log_weight
from source
