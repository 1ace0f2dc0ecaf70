with bought as (

    select * from {{ ref('int_purchase_products') }} where unit_price is not null

),

prices as (

    select
        purchase_month,
        price_group,
        unit_price,
        count(*) as times_paid
    from bought
    group by purchase_month, price_group, unit_price

),

counted as (

    select
        purchase_month,
        price_group,
        unit_price,
        times_paid,
        sum(times_paid) over (
            partition by purchase_month, price_group
            order by unit_price
            rows between unbounded preceding and current row
        ) as paid_so_far,
        sum(times_paid) over (partition by purchase_month, price_group) as paid_at_all
    from prices

),

final as (

    select
        purchase_month,
        price_group,
        unit_price,
        times_paid,
        -- The share that was cheaper, and half of what cost the same: who always pays the only price is in the middle.
        {{ half_up('cast(paid_so_far - times_paid / 2.0 as double) / paid_at_all', 5, 4) }} as price_position
    from counted

)

select * from final
