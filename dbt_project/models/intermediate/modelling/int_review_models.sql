with fitted as (

    select * from {{ ref('stg_modelling__review_models') }}

),

versions as (

    select * from {{ ref('int_model_versions') }} where model = 'review_sentiment'

)

select
    s.fitted_as_of,
    s.script,
    s.pleased_texts,
    s.displeased_texts,
    s.is_trained,
    s.held_out_texts,
    s.accuracy,
    s.sure_share,
    s.sure_accuracy,
    s.lexicon_share,
    s.lexicon_accuracy
from fitted as s
inner join versions as v on s.fitted_as_of = v.fitted_as_of
