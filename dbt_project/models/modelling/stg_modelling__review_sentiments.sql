with source as (

    select * from {{ source('modelling', 'review_sentiments') }}

),

renamed as (

    select
        fitted_as_of,
        text_hash,
        script,
        sentiment,
        is_trained
    from source

)

select * from renamed
