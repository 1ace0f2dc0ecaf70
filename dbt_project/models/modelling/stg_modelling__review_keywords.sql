with source as (

    select * from {{ source('modelling', 'review_keywords') }}

),

renamed as (

    select
        fitted_as_of,
        product_id,
        mood,
        script,
        keyword,
        keyword_rank,
        customers,
        z
    from source

)

select * from renamed
