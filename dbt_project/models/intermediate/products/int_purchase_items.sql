{{ config(materialized='incremental', incremental_strategy='replace_scope', unique_key='order_id', on_schema_change='fail',
          meta={'scope': 'int_touched_purchases'}) }}
with orders as (

    select o.*
    from {{ ref('fct_orders') }} as o
    inner join {{ ref('int_as_of') }} as a on o.order_date <= a.as_of_date
    where
        o.is_purchase
        and {{ in_scope('o.order_id', 'int_touched_purchases') }}

),

items as (

    select * from {{ ref('fct_order_items') }}
    where {{ in_scope('order_id', 'int_touched_purchases') }}

),

products as (

    select * from {{ ref('dim_products') }}

),

rules as (

    select * from {{ ref('int_source_rules') }}

),

costs as (

    select p.product_id, c.unit_cost, c.valid_from, c.valid_to, c.record_id
    from {{ ref('int_product_costs') }} as c
    inner join {{ ref('int_products') }} as p on c.source = p.source and c.source_product_id = p.source_product_id

),

-- Below 0 is a credit line, and a line of no pieces for which nothing was paid is a coupon or a note. A quantity above
-- the source's bound is a measure (fuel): the line then counts as one piece, as it does in fct_orders.
lines as (

    select
        i.order_item_id,
        i.order_id,
        i.line_number,
        i.product_id,
        o.customer_id,
        o.order_date,
        o.net_amount as order_net_amount,
        i.gross_amount,
        i.net_amount,
        -- Discounts are taken off the gross amount, or are off already: what is missing beyond them went back.
        case
            when i.gross_amount - i.discount_amount > i.net_amount
                then cast(i.net_amount as double) / cast(i.gross_amount - i.discount_amount as double)
            else 1
        end as kept_share,
        case when i.quantity between 1 and r.line_quantity_maximum then i.quantity else 1 end as pieces,
        case
            when coalesce(i.quantity, 1) between 1 and r.line_quantity_maximum
                then coalesce(i.unit_price, i.gross_amount / coalesce(i.quantity, 1))
            else i.gross_amount
        end as unit_price
    from items as i
    inner join orders as o on i.order_id = o.order_id
    left join rules as r on o.source = r.source
    where i.net_amount >= 0 and (coalesce(i.quantity, 1) > 0 or i.net_amount > 0)

),

totals as (

    select
        order_id,
        sum(net_amount) as net_amount,
        sum(coalesce(gross_amount, 0)) as gross_amount
    from lines
    group by order_id

),

-- Most orders are the sum of their lines. The money of the others (freight, coupons on the whole order, returns) is
-- spread over their lines by what these brought, else by their price, else by pieces.
weighted as (

    select
        l.order_item_id,
        l.order_id,
        l.line_number,
        l.order_net_amount,
        case
            when t.net_amount > 0 then l.net_amount
            when t.gross_amount > 0 then coalesce(l.gross_amount, 0)
            else l.pieces
        end as weight
    from lines as l
    inner join totals as t on l.order_id = t.order_id
    where t.net_amount <> l.order_net_amount

),

cumulated as (

    select
        order_item_id,
        cast(order_net_amount as double) as amount,
        cast(weight as double) as weight,
        cast(
            sum(weight) over (
                partition by order_id
                order by line_number, order_item_id
                rows between unbounded preceding and current row
            ) as double
        ) as so_far,
        cast(sum(weight) over (partition by order_id) as double) as total
    from weighted

),

-- Each line takes the cents up to it less those up to the line before, so that an order's lines add up to it.
spread as (

    select
        order_item_id,
        {{ half_up('amount * so_far / total', 18, 2) }} - {{ half_up('amount * (so_far - weight) / total', 18, 2) }} as revenue
    from cumulated

),

-- Each product and day with the cost that held on it; of two that did, the one that began later.
sold_days as (

    select distinct l.product_id, l.order_date
    from lines as l
    inner join costs as c on l.product_id = c.product_id

),

day_costs as (

    select
        d.product_id,
        d.order_date,
        c.unit_cost,
        row_number() over (
            partition by d.product_id, d.order_date
            order by c.valid_from desc nulls last, c.record_id asc
        ) as newest_rank
    from sold_days as d
    inner join costs as c
        on
            d.product_id = c.product_id
            and (c.valid_from is null or d.order_date >= c.valid_from)
            and (c.valid_to is null or d.order_date <= c.valid_to)

),

from_lines as (

    select
        l.order_item_id,
        l.order_id,
        l.customer_id,
        l.order_date,
        l.product_id,
        p.category,
        l.pieces,
        l.pieces * l.kept_share as kept_pieces,
        l.unit_price,
        coalesce(s.revenue, l.net_amount) as revenue,
        coalesce(c.unit_cost, p.unit_cost) as unit_cost,
        true as has_line
    from lines as l
    left join spread as s on l.order_item_id = s.order_item_id
    left join products as p on l.product_id = p.product_id
    left join day_costs as c
        on l.product_id = c.product_id and l.order_date = c.order_date and c.newest_rank = 1

),

-- An order that no export itemises is one item, at the mean price of its pieces where their number is known.
without_lines as (

    select
        o.order_id as order_item_id,
        o.order_id,
        o.customer_id,
        o.order_date,
        cast(null as {{ dbt.type_string() }}) as product_id,
        cast(null as {{ dbt.type_string() }}) as category,
        case when o.item_count >= 1 then o.item_count else 1 end as pieces,
        case when o.item_count >= 1 then o.item_count else 1 end as kept_pieces,
        case when o.item_count >= 1 then (o.gross_amount - o.freight_amount) / o.item_count end as unit_price,
        o.net_amount as revenue,
        cast(null as decimal(18, 2)) as unit_cost,
        false as has_line
    from orders as o
    left join totals as t on o.order_id = t.order_id
    where t.order_id is null

),

unified as (

    select * from from_lines
    union all
    select * from without_lines

),

final as (

    select
        cast(order_item_id as {{ dbt.type_string() }}) as order_item_id,
        cast(order_id as {{ dbt.type_string() }}) as order_id,
        cast(customer_id as {{ dbt.type_string() }}) as customer_id,
        cast(order_date as date) as order_date,
        cast(product_id as {{ dbt.type_string() }}) as product_id,
        cast(category as {{ dbt.type_string() }}) as category,
        cast(pieces as decimal(18, 3)) as pieces,
        cast(kept_pieces as decimal(18, 3)) as kept_pieces,
        cast(unit_price as decimal(18, 4)) as unit_price,
        cast(revenue as decimal(18, 2)) as revenue,
        cast(unit_cost as decimal(18, 2)) as unit_cost,
        cast(has_line as boolean) as has_line
    from unified

)

select * from final
