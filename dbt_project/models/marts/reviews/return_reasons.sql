with as_of as (

    select * from {{ ref('int_as_of') }}

),

names as (

    select distinct reason_code, reason_zh from {{ ref('refund_reason_patterns') }}
    union all
    select 'other' as reason_code, '其他' as reason_zh
    union all
    select 'not given' as reason_code, '未说明' as reason_zh

),

refunds as (

    select
        r.product_id,
        coalesce(r.reason_code, 'not given') as reason_code,
        r.amount,
        r.state
    from {{ ref('fct_refunds') }} as r
    inner join as_of as a on coalesce(cast(r.refunded_at as date) <= a.as_of_date, true)

),

products as (

    select * from {{ ref('dim_products') }}

),

scoped as (

    select 'all' as product_id, reason_code, amount, state from refunds
    union all
    select product_id, reason_code, amount, state from refunds where product_id is not null

),

counted as (

    select
        product_id,
        reason_code,
        count(*) as refunds,
        sum(case when state = 'refused' then 1 else 0 end) as refused_refunds,
        sum(amount) as refunded_amount
    from scoped
    group by product_id, reason_code

),

totals as (

    select product_id, sum(refunds) as refunds
    from counted
    group by product_id

),

final as (

    select
        cast(a.as_of_date as date) as as_of_date,
        cast(c.product_id as {{ dbt.type_string() }}) as product_id,
        cast(p.title as {{ dbt.type_string() }}) as title,
        cast(c.reason_code as {{ dbt.type_string() }}) as reason_code,
        cast(n.reason_zh as {{ dbt.type_string() }}) as reason_zh,
        cast(c.refunds as bigint) as refunds,
        cast(c.refunds as double) / t.refunds as refund_share,
        cast(c.refused_refunds as bigint) as refused_refunds,
        cast(c.refunded_amount as decimal(18, 2)) as refunded_amount
    from counted as c
    inner join totals as t on c.product_id = t.product_id
    inner join names as n on c.reason_code = n.reason_code
    cross join as_of as a
    left join products as p on c.product_id = p.product_id

)

select * from final
