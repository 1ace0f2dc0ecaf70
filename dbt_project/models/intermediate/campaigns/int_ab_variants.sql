with people as (

    select * from {{ ref('int_campaign_people') }}

),

campaigns as (

    select * from {{ ref('dim_campaigns') }}

),

excluded as (

    select
        campaign_id,
        sum(case when is_excluded then 1 else 0 end) as excluded,
        -- Nobody known to have opened anything: the shop does not measure it.
        max(is_opened) as has_opened,
        max(is_clicked) as has_clicked
    from people
    group by campaign_id

),

named as (

    select
        *,
        case when is_holdout then 'holdout' else variant end as variant_name,
        cast(orders as double) as order_count,
        cast(net_amount as double) as amount,
        cast(earlier_amount as double) as earlier
    from people
    where not is_excluded

),

-- In a campaign of one message without a name, those reached are the variant.
several as (

    select campaign_id
    from named
    group by campaign_id
    having count(distinct coalesce(variant_name, 'reached')) >= 2

),

final as (

    select
        n.campaign_id,
        coalesce(n.variant_name, 'reached') as variant,
        count(*) as units,
        max(e.excluded) as excluded,
        max(c.holdout_share) as planned_holdout_share,
        sum(case when n.orders > 0 then 1 else 0 end) as buyers,
        sum(n.order_count) as orders,
        sum(n.order_count * n.order_count) as orders_squared,
        sum(n.amount) as amount,
        sum(n.amount * n.amount) as amount_squared,
        sum(n.earlier) as earlier,
        sum(n.earlier * n.earlier) as earlier_squared,
        sum(n.earlier * n.amount) as earlier_product,
        case when max(e.has_opened) = 1 then sum(n.is_opened) end as opened,
        case when max(e.has_clicked) = 1 then sum(n.is_clicked) end as clicked
    from named as n
    inner join several as s on n.campaign_id = s.campaign_id
    inner join excluded as e on n.campaign_id = e.campaign_id
    inner join campaigns as c on n.campaign_id = c.campaign_id
    group by n.campaign_id, coalesce(n.variant_name, 'reached')

)

select * from final
