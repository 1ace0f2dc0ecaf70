with accounts as (

    select * from {{ ref('int_customer_accounts') }}

),

order_customers as (

    select * from {{ ref('int_order_customers') }}

),

final as (

    select
        'account:' || platform_customer_id as node,
        customer_id
    from accounts

    union

    select
        node,
        customer_id
    from order_customers
    where customer_id is not null

)

select * from final
