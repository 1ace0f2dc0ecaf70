with purchases as (

    select * from {{ ref('int_purchases') }}

),

final as (

    select
        customer_id,
        count(*) as purchases,
        count(distinct purchase_date) as purchase_days,
        sum(net_amount) as net_amount,
        sum(item_count) as item_count,
        min(purchase_date) as first_purchase_date,
        max(purchase_date) as last_purchase_date,
        -- Two orders of one day say nothing about a rhythm.
        median(case when interval_days > 0 then interval_days end) as median_interval_days
    from purchases
    group by customer_id

)

select * from final
