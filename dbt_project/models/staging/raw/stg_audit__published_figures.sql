with source as (

    select * from {{ source('audit', 'published_figures') }}

)

select
    as_of_date,
    measure,
    subject,
    part,
    value,
    base
from source
