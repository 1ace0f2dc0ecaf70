with source as (

    select * from {{ source('audit', 'published_runs') }}

)

select
    as_of_date
from source
