{%- set old_items = standing('intermediate', 'int_order_items') if builds_a_part() -%}
with touched as (

    select * from {{ ref('int_touched_orders') }}

),

lines as (

    select * from {{ ref('int_order_lines') }}

),

-- A line that gives money back is matched with what its account bought before, in whatever order that was.
credit_accounts as (

    select distinct source, source_customer_id
    from lines
    where is_credit and source_customer_id is not null

),

touched_lines as (

    select source, source_order_id, source_customer_id from lines
    {%- if old_items %}
    union all
    -- An order may have been another account's.
    select source, source_order_id, source_customer_id from {{ old_items }}
    {%- endif %}

),

touched_accounts as (

    select distinct l.source, l.source_customer_id
    from touched_lines as l
    inner join touched as t on l.source_order_id = t.source_order_id
    inner join credit_accounts as c on l.source = c.source and l.source_customer_id = c.source_customer_id

),

united as (

    select source_order_id, is_changed from touched

    union all

    select l.source_order_id, true as is_changed
    from lines as l
    inner join touched_accounts as a on l.source = a.source and l.source_customer_id = a.source_customer_id

),

final as (

    select source_order_id, max(case when is_changed then 1 else 0 end) = 1 as is_changed
    from united
    group by source_order_id

)

select * from final
