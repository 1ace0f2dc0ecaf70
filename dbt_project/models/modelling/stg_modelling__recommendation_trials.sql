with source as (

    select * from {{ source('modelling', 'recommendation_trials') }}

),

renamed as (

    select
        fitted_as_of,
        customer_number,
        place,
        product_number
    from source

)

select * from renamed
