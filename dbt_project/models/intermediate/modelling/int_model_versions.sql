with versions as (

    select * from {{ ref('stg_modelling__model_versions') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

)

select
    v.model,
    max(v.fitted_as_of) as fitted_as_of
from versions as v
inner join as_of as a on v.fitted_as_of <= a.as_of_date
group by v.model
