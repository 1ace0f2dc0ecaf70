with redemptions as (

    select * from {{ ref('int_coupon_redemptions') }}

),

coupons as (

    select * from {{ ref('int_coupons') }}

),

campaign_keys as (

    select * from {{ ref('int_campaign_keys') }}

),

source_orders as (

    select * from {{ ref('int_orders') }}

),

orders as (

    select * from {{ ref('fct_orders') }}

),

accounts as (

    select * from {{ ref('int_customer_accounts') }}

),

-- Numbers are hashes of rows; two sources with the same row are told apart.
shared_ids as (

    select record_id
    from redemptions
    group by record_id
    having count(*) > 1

),

-- A coupon tells the campaign only when it belongs to no other.
coupon_campaigns as (

    select
        source,
        source_coupon_id,
        min(source_campaign_id) as source_campaign_id
    from coupons
    where source_campaign_id is not null
    group by source, source_coupon_id
    having min(source_campaign_id) = max(source_campaign_id)

),

final as (

    select
        cast(
            case when i.record_id is not null then r.source || ':' || r.record_id else r.record_id end
            as {{ dbt.type_string() }}
        ) as redemption_id,
        cast(r.source as {{ dbt.type_string() }}) as source,
        cast(r.source_coupon_id as {{ dbt.type_string() }}) as coupon_id,
        cast(k.campaign_id as {{ dbt.type_string() }}) as campaign_id,
        cast(coalesce(a.customer_id, o.customer_id) as {{ dbt.type_string() }}) as customer_id,
        cast(o.order_id as {{ dbt.type_string() }}) as order_id,
        cast(coalesce(r.redeemed_at, o.paid_at, o.ordered_at) as timestamp) as redeemed_at,
        cast(r.redeemed_amount as decimal(18, 2)) as amount
    from redemptions as r
    left join shared_ids as i on r.record_id = i.record_id
    left join coupon_campaigns as c on r.source = c.source and r.source_coupon_id = c.source_coupon_id
    left join campaign_keys as k
        on r.source = k.source and coalesce(r.source_campaign_id, c.source_campaign_id) = k.source_campaign_id
    left join source_orders as s on r.source = s.source and r.source_order_id = s.source_order_id
    left join orders as o on s.order_id = o.order_id
    left join accounts as a on r.source = a.source and r.source_customer_id = a.source_customer_id

)

select * from final
