with source as (

    select * from {{ source('audit', 'builds') }}

)

select
    epoch,
    batch_id,
    as_of_date
from source
