with labels as (

    select * from {{ ref('int_as_of_labels') }}

),

snapshots as (

    select * from {{ ref('int_as_of_snapshots') }}

),

tiers as (

    select * from {{ ref('membership_tiers') }}

),

ledger as (

    select * from {{ ref('points_ledger') }}

),

-- What was taken since the start has come out of the oldest points, so the rest of those that expire soon is what is left of all
-- that expire by then.
points as (

    select
        customer_id,
        sum(points) as points_balance,
        sum(
            case
                when points > 0 and expires_on <= {{ add_days('as_of_date', 30) }} then points
                else 0
            end
        ) as expiring_by_then,
        sum(case when points < 0 then -points else 0 end) as taken
    from ledger
    group by customer_id

),

placed as (

    select
        s.snapshot_date,
        s.customer_id,
        s.tier,
        t.tier_zh,
        t.level,
        coalesce(p.qualifying_amount, 0) as qualifying_amount,
        coalesce(p.qualifying_orders, 0) as qualifying_orders,
        coalesce(b.points_balance, 0) as points_balance,
        greatest(0, coalesce(b.expiring_by_then - b.taken, 0)) as points_expiring
    from labels as s
    left join snapshots as p on s.customer_id = p.customer_id
    left join tiers as t on s.tier = t.tier
    left join points as b on s.customer_id = b.customer_id

),

final as (

    select
        cast(p.snapshot_date as date) as as_of_date,
        cast(p.customer_id as {{ dbt.type_string() }}) as customer_id,
        cast(p.tier as {{ dbt.type_string() }}) as tier,
        cast(p.tier_zh as {{ dbt.type_string() }}) as tier_zh,
        cast(p.qualifying_amount as decimal(18, 2)) as qualifying_amount,
        cast(p.qualifying_orders as bigint) as qualifying_orders,
        cast(n.tier as {{ dbt.type_string() }}) as next_tier,
        cast(n.tier_zh as {{ dbt.type_string() }}) as next_tier_zh,
        cast(
            case when n.tier is not null then greatest(0, n.minimum_amount - p.qualifying_amount) end as decimal(18, 2)
        ) as amount_to_next_tier,
        cast(
            case when n.tier is not null then greatest(0, n.minimum_orders - p.qualifying_orders) end as bigint
        ) as orders_to_next_tier,
        cast(p.points_balance as decimal(18, 2)) as points_balance,
        cast(p.points_expiring as decimal(18, 2)) as points_expiring_next_30d
    from placed as p
    left join tiers as n on p.level + 1 = n.level

)

select * from final
