with orders as (

    select * from {{ ref('fct_orders') }}

),

customers as (

    select * from {{ ref('int_customer_accounts') }}

),

items as (

    select * from {{ ref('int_order_items') }}

),

files as (

    select source, sum(rows) as rows
    from {{ ref('stg_raw__ingested_files') }}
    where status = 'loaded'
    group by source

),

-- The rule that public notebooks use, by document.
documents as (

    select * from {{ ref('int_published_filter') }}

),

published_filter as (

    select * from documents where lines > 0

),

published_buyers as (

    select source, source_customer_id, count(distinct source_order_id) as documents
    from published_filter
    group by source, source_customer_id

),

own_buyers as (

    select source, customer_id, count(*) as purchases
    from orders
    where is_purchase and customer_id is not null
    group by source, customer_id

),

-- Buyers on the published filter whom the project's own definition does not count, and why.
candidates as (

    select
        b.source,
        b.source_customer_id
    from published_buyers as b
    left join customers as c on b.source = c.source and b.source_customer_id = c.source_customer_id
    left join own_buyers as o on c.customer_id = o.customer_id
    where o.customer_id is null

),

buyers_of_goods as (

    select distinct i.source, i.source_customer_id
    from items as i
    inner join candidates as n on i.source = n.source and i.source_customer_id = n.source_customer_id
    where i.gross_amount > 0

),

-- Of whom nothing was kept, nothing says that they bought goods.
not_counted as (

    select
        n.source,
        n.source_customer_id,
        g.source_customer_id is not null as bought_goods
    from candidates as n
    left join buyers_of_goods as g on n.source = g.source and n.source_customer_id = g.source_customer_id

),

-- Orders whose payments are not what their lines come to, by more than a cent.
payments as (

    select source, source_order_id, sum(payment_amount) as amount
    from {{ ref('int_payments') }}
    group by source, source_order_id

),

line_totals as (

    select i.source, i.source_order_id, sum(i.gross_amount) as amount
    from items as i
    inner join payments as p on i.source = p.source and i.source_order_id = p.source_order_id
    group by i.source, i.source_order_id

),

figures as (

    select source, 'raw_rows' as figure, cast(rows as decimal(18, 2)) as value from files
    union all
    select source, 'documents_after_overlap', count(distinct source_order_id) from documents group by source
    union all
    select source, 'published_filter_lines', sum(lines) from published_filter group by source
    union all
    select source, 'published_filter_gross', sum(gross) from published_filter group by source
    union all
    select source, 'published_filter_buyers', count(*) from published_buyers group by source
    union all
    select source, 'published_filter_repeat_buyers', count(*) from published_buyers where documents > 1 group by source
    union all
    select source, 'own_orders', count(*) from orders group by source
    union all
    select source, 'own_purchases', count(*) from orders where is_purchase group by source
    union all
    select source, 'own_buyers', count(*) from own_buyers group by source
    union all
    select source, 'own_repeat_buyers', count(*) from own_buyers where purchases > 1 group by source
    union all
    select source, 'not_counted_services_only', count(*) from not_counted where not bought_goods group by source
    union all
    select source, 'not_counted_all_given_back', count(*) from not_counted where bought_goods group by source
    union all
    select p.source, 'payments_differ_orders', count(*)
    from payments as p
    inner join line_totals as l on p.source = l.source and p.source_order_id = l.source_order_id
    where abs(p.amount - l.amount) > 0.01
    group by p.source
    union all
    select source, 'own_net_revenue', sum(net_amount) from orders group by source

),

final as (

    select
        cast(source as {{ dbt.type_string() }}) as source,
        cast(figure as {{ dbt.type_string() }}) as figure,
        cast(value as decimal(18, 2)) as value
    from figures

)

select * from final
