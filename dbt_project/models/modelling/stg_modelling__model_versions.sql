with source as (

    select * from {{ source('modelling', 'model_versions') }}

)

select
    fitted_as_of,
    model
from source
