{#- What stands still says whose an order was, and what a product was called. -#}
{%- set old_orders = standing('marts', 'fct_orders') if builds_a_part() -%}
{%- set old_items = standing('marts', 'fct_order_items') if builds_a_part() -%}
{%- set old_products = standing('marts', 'dim_products') if builds_a_part() %}
-- The imports serve a build of a part; a build of everything leaves the scope empty.
-- noqa: disable=ST03
with touched as (

    select * from {{ ref('int_touched_settlements') }}

),

orders as (

    select * from {{ ref('int_orders') }}

),

order_customers as (

    select * from {{ ref('int_order_customers') }}

),

products as (

    select * from {{ ref('int_products') }}

),

words as (

    select * from {{ ref('psychology_words') }}

),

price_bands as (

    select * from {{ ref('price_bands_definition') }}

),

builds as (

    select * from {{ ref('stg_audit__builds') }}

),
{% if old_orders and old_items and old_products %}
-- An order's number may have been its own before a second source used it too.
touched_ids as (

    select o.order_id, t.is_changed
    from orders as o
    inner join touched as t on o.source_order_id = t.source_order_id

    union

    select source_order_id as order_id, is_changed from touched

),

-- Whose the touched orders are, and whose they were.
buyers as (

    select c.customer_id, case when t.is_changed then o.order_date end as changed_since
    from orders as o
    inner join touched_ids as t on o.order_id = t.order_id
    left join order_customers as c on o.order_id = c.order_id

    union all

    select o.customer_id, case when t.is_changed then o.order_date end as changed_since
    from {{ old_orders }} as o
    inner join touched_ids as t on o.order_id = t.order_id

),

-- A contact that came with one order may make one person of two: their older orders move without being touched.
moved as (

    select
        o.order_date as changed_since,
        o.customer_id as old_customer_id,
        c.customer_id
    from {{ old_orders }} as o
    left join order_customers as c on o.order_id = c.order_id
    where coalesce(o.customer_id, '') <> coalesce(c.customer_id, '')

),

-- A title matters for the words that it holds.
retitled as (

    select n.product_id, n.title, o.title as old_title
    from products as n
    inner join {{ old_products }} as o on n.product_id = o.product_id
    where coalesce(n.title, '') <> coalesce(o.title, '')

),

spoken as (

    select
        r.product_id,
        w.says,
        max(case when {{ dbt.position('w.word', 'lower(r.title)') }} > 0 then 1 else 0 end) as is_said,
        max(case when {{ dbt.position('w.word', 'lower(r.old_title)') }} > 0 then 1 else 0 end) as was_said
    from retitled as r
    cross join words as w
    group by r.product_id, w.says

),

-- What is said of a product decides about everything that was ever bought of it.
changed_products as (

    select n.product_id
    from products as n
    inner join {{ old_products }} as o on n.product_id = o.product_id
    left join price_bands as b
        on n.list_price >= b.lower_price and (n.list_price < b.upper_price or b.upper_price is null)
    where
        coalesce(b.price_band, '') <> coalesce(o.price_band, '')
        or coalesce(n.category, '') <> coalesce(o.category, '')
        or coalesce(n.subcategory, '') <> coalesce(o.subcategory, '')
        or coalesce(n.brand, '') <> coalesce(o.brand, '')
        or coalesce(cast(n.unit_cost as decimal(18, 2)), -1) <> coalesce(o.unit_cost, -1)
        or (n.title is null) <> (o.title is null)

    union

    select product_id from spoken where coalesce(is_said, 0) <> coalesce(was_said, 0)

),

redescribed as (

    select c.customer_id, o.order_date as changed_since
    from {{ old_items }} as i
    inner join changed_products as p on i.product_id = p.product_id
    inner join {{ old_orders }} as o on i.order_id = o.order_id
    left join order_customers as c on o.order_id = c.order_id

),

found as (

    select customer_id, changed_since from buyers
    union all
    select customer_id, changed_since from moved
    union all
    select old_customer_id as customer_id, changed_since from moved
    union all
    select customer_id, changed_since from redescribed

),

numbered as (

    select b.epoch, f.customer_id, f.changed_since
    from found as f
    cross join builds as b

    union all

    {{ unfinished_scope('epoch, customer_id, changed_since') }}

),

final as (

    select epoch, customer_id, min(changed_since) as changed_since
    from numbered
    group by epoch, customer_id

)
{%- else %}
final as (

    select
        epoch,
        cast(null as {{ dbt.type_string() }}) as customer_id,
        cast(null as date) as changed_since
    from builds
    where 1 = 0

)
{%- endif %}

select * from final
