with as_of as (

    select * from {{ ref('int_as_of') }}

),

models as (

    select * from {{ ref('int_review_models') }}

),

final as (

    select
        cast(a.as_of_date as date) as as_of_date,
        cast(m.fitted_as_of as date) as fitted_as_of,
        cast(m.script as {{ dbt.type_string() }}) as script,
        cast(case when m.is_trained then 'model' else 'lexicon' end as {{ dbt.type_string() }}) as judged_by,
        cast(m.pleased_texts as bigint) as pleased_texts,
        cast(m.displeased_texts as bigint) as displeased_texts,
        cast(m.held_out_texts as bigint) as held_out_texts,
        cast(m.accuracy as double) as accuracy,
        cast(m.sure_share as double) as sure_share,
        cast(m.sure_accuracy as double) as sure_accuracy,
        cast(m.lexicon_share as double) as lexicon_share,
        cast(m.lexicon_accuracy as double) as lexicon_accuracy
    from models as m
    cross join as_of as a

)

select * from final
