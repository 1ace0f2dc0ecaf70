with source as (

    select * from {{ source('modelling', 'cluster_names') }}

)

select
    fitted_as_of,
    cluster_id,
    name_zh,
    name_en,
    share
from source
