with source as (

    select * from {{ source('modelling', 'cluster_centres') }}

)

select
    fitted_as_of,
    cluster_id,
    feature,
    centre
from source
