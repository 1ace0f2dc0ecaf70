with fitted as (

    select * from {{ ref('stg_modelling__review_keywords') }}

),

versions as (

    select * from {{ ref('int_model_versions') }} where model = 'review_keywords'

)

select
    s.fitted_as_of,
    s.product_id,
    s.mood,
    s.script,
    s.keyword,
    s.keyword_rank,
    s.customers,
    s.z
from fitted as s
inner join versions as v on s.fitted_as_of = v.fitted_as_of
