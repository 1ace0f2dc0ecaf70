with source as (

    select * from {{ source('modelling', 'review_models') }}

),

renamed as (

    select
        fitted_as_of,
        script,
        pleased_texts,
        displeased_texts,
        is_trained,
        held_out_texts,
        accuracy,
        sure_share,
        sure_accuracy,
        lexicon_share,
        lexicon_accuracy
    from source

)

select * from renamed
