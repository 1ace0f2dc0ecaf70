with fitted as (

    select * from {{ ref('stg_modelling__review_sentiments') }}

),

versions as (

    select * from {{ ref('int_model_versions') }} where model = 'review_sentiment'

)

select
    s.text_hash,
    s.script,
    s.sentiment,
    s.is_trained
from fitted as s
inner join versions as v on s.fitted_as_of = v.fitted_as_of
