with source as (

    select * from {{ source('modelling', 'recommendation_products') }}

),

renamed as (

    select
        fitted_as_of,
        product_number,
        product_id
    from source

)

select * from renamed
