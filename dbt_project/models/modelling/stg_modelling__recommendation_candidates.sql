with source as (

    select * from {{ source('modelling', 'recommendation_candidates') }}

),

renamed as (

    select
        fitted_as_of,
        customer_number,
        place,
        product_number,
        score
    from source

)

select * from renamed
