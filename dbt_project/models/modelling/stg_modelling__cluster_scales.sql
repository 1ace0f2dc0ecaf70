with source as (

    select * from {{ source('modelling', 'cluster_scales') }}

)

select
    fitted_as_of,
    feature,
    mean,
    deviation
from source
