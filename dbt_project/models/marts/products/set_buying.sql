with items as (

    select * from {{ ref('int_purchase_items') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

products as (

    select * from {{ ref('dim_products') }}

),

words as (

    select * from {{ ref('set_words') }}

),

kinds as (

    select set_kind, set_kind_zh
    from words
    group by set_kind, set_kind_zh
    union all
    select 'any' as set_kind, '全部套装' as set_kind_zh

),

-- Marks become spaces, and one stands at each end, so that a whole word is a word between spaces.
texts as (

    select
        product_id,
        ' ' || translate(
            lower(coalesce(title, '') || ' ' || coalesce(category, '') || ' ' || coalesce(subcategory, '')),
            '/-,.()+:&',
            '         '
        ) || ' ' as words
    from products
    where title is not null or category is not null

),

set_products as (

    select distinct t.product_id, w.set_kind
    from texts as t
    inner join words as w
        on
            t.words like '%' || w.set_word || '%'
            and (not w.is_whole_word or t.words like '% ' || w.set_word || ' %')

),

set_kinds as (

    select product_id, set_kind from set_products
    union
    select product_id, 'any' as set_kind from set_products

),

-- Orders of which a product is described: of others nobody can say whether they hold a set.
described_orders as (

    select i.order_id, max(i.customer_id) as customer_id
    from items as i
    inner join texts as t on i.product_id = t.product_id
    group by i.order_id

),

order_amounts as (

    select
        d.order_id,
        d.customer_id,
        sum(i.revenue) as net_amount
    from described_orders as d
    inner join items as i on d.order_id = i.order_id
    group by d.order_id, d.customer_id

),

total as (

    select
        count(*) as orders,
        count(distinct customer_id) as customers,
        sum(net_amount) as net_amount
    from order_amounts

),

set_orders as (

    select
        k.set_kind,
        i.order_id,
        sum(i.revenue) as set_revenue
    from items as i
    inner join set_kinds as k on i.product_id = k.product_id
    group by k.set_kind, i.order_id

),

bought as (

    select
        s.set_kind,
        count(*) as orders,
        count(distinct a.customer_id) as customers,
        sum(s.set_revenue) as net_revenue,
        sum(a.net_amount) as order_amount
    from set_orders as s
    inner join order_amounts as a on s.order_id = a.order_id
    group by s.set_kind

),

offered as (

    select set_kind, count(*) as products
    from set_kinds
    group by set_kind

),

complete as (

    select
        k.set_kind,
        k.set_kind_zh,
        coalesce(o.products, 0) as products,
        coalesce(b.orders, 0) as orders,
        coalesce(b.customers, 0) as customers,
        coalesce(b.net_revenue, 0) as net_revenue,
        coalesce(b.order_amount, 0) as order_amount
    from kinds as k
    left join offered as o on k.set_kind = o.set_kind
    left join bought as b on k.set_kind = b.set_kind

),

final as (

    select
        cast(d.as_of_date as date) as as_of_date,
        cast(c.set_kind as {{ dbt.type_string() }}) as set_kind,
        cast(c.set_kind_zh as {{ dbt.type_string() }}) as set_kind_zh,
        cast(c.products as bigint) as products,
        cast(c.orders as bigint) as orders,
        cast(cast(c.orders as double) / nullif(t.orders, 0) as double) as order_share,
        cast(c.customers as bigint) as customers,
        cast(cast(c.customers as double) / nullif(t.customers, 0) as double) as customer_share,
        cast(c.net_revenue as decimal(18, 2)) as net_revenue,
        cast(cast(c.net_revenue as double) / nullif(cast(t.net_amount as double), 0) as double) as revenue_share,
        {{ half_up('cast(c.order_amount as double) / nullif(c.orders, 0)', 18, 2) }} as average_order_value_with,
        {{ half_up('cast(coalesce(t.net_amount, 0) - c.order_amount as double) / nullif(t.orders - c.orders, 0)', 18, 2) }}
            as average_order_value_without
    from complete as c
    -- Without any order there is no date.
    inner join as_of as d on d.as_of_date is not null
    cross join total as t

)

select * from final
