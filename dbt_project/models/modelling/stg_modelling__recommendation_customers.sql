with source as (

    select * from {{ source('modelling', 'recommendation_customers') }}

),

renamed as (

    select
        fitted_as_of,
        customer_number,
        customer_id
    from source

)

select * from renamed
