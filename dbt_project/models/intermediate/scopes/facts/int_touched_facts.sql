{%- set old_orders = standing('marts', 'fct_orders') if builds_a_part() -%}
{%- set old_items = standing('marts', 'fct_order_items') if builds_a_part() %}
-- The imports serve a build of a part; a build of everything leaves the scope empty.
-- noqa: disable=ST03
with touched as (

    select * from {{ ref('int_touched_settlements') }}

),

touched_customers as (

    select * from {{ ref('int_touched_customers') }}

),

orders as (

    select * from {{ ref('int_orders') }}

),

order_customers as (

    select * from {{ ref('int_order_customers') }}

),

bounds as (

    select * from {{ ref('int_outlier_bounds') }}

),
{% if old_orders and old_items %}
order_bounds as (

    select * from bounds where measure = 'order'

),

line_bounds as (

    select * from bounds where measure = 'line'

),

-- The bounds follow the shop's amounts: what lies between the old and the new ones changes sides.
judged_anew as (

    select o.order_id
    from {{ old_orders }} as o
    left join order_bounds as b on o.source = b.source
    where o.is_outlier <> {{ is_outlying_order('o.gross_amount', 'b') }}

),

-- A line does not name its source, and joining every line with its order costs more than all else here: first, by the
-- widest and narrowest bounds of all sources, those that may change sides.
all_bounds as (

    select
        max(lower_amount) as highest_lower,
        min(upper_amount) as lowest_upper,
        min(domain_maximum) as lowest_domain,
        min(line_quantity_maximum) as lowest_quantity
    from line_bounds

),

perhaps_judged_anew as (

    select i.order_id, i.quantity, i.gross_amount, i.is_outlier
    from {{ old_items }} as i
    cross join all_bounds as b
    where
        i.is_outlier
        or i.gross_amount < b.highest_lower
        or i.gross_amount > b.lowest_upper
        or i.gross_amount > b.lowest_domain
        or i.quantity > b.lowest_quantity

),

lines_judged_anew as (

    select i.order_id
    from perhaps_judged_anew as i
    inner join {{ old_orders }} as o on i.order_id = o.order_id
    left join line_bounds as b on o.source = b.source
    where i.is_outlier <> {{ is_outlying_line('i.quantity', 'i.gross_amount', 'b') }}

),

judged as (

    select order_id from judged_anew
    union
    select order_id from lines_judged_anew

),

-- Orders are numbered by customer: with one of them come all.
customers_in_scope as (

    select customer_id from touched_customers
    union
    select o.customer_id
    from {{ old_orders }} as o
    inner join judged as j on o.order_id = j.order_id

),

final as (

    select source_order_id as order_id from touched
    union
    select o.order_id
    from orders as o
    inner join touched as t on o.source_order_id = t.source_order_id
    union
    select c.order_id
    from order_customers as c
    where c.customer_id in (select t.customer_id from customers_in_scope as t)
    union
    select o.order_id
    from {{ old_orders }} as o
    where o.customer_id in (select t.customer_id from customers_in_scope as t)
    union
    select order_id from judged

)
{%- else %}
final as (

    select cast(null as {{ dbt.type_string() }}) as order_id
    from bounds
    where 1 = 0

)
{%- endif %}

select * from final
