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
        median(case when interval_days > 0 then interval_days end) as median_interval_days,
        -- The order of a sum of doubles depends on the threads; what is stored must not.
        round(avg(case when interval_days > 0 then ln(cast(interval_days as double)) end), 9) as mean_log_interval
    from purchases
    group by customer_id

)

select * from final
