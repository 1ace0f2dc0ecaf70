with lines as (

    select * from {{ ref('int_order_lines') }}
    where source_customer_id is not null and quantity <> 0 and status not in ('unpaid', 'cancelled')

),

-- Only articles that a customer ever gave back need an order of events.
returned_articles as (

    select distinct source, source_customer_id, source_product_id, abs(unit_price) as price
    from lines
    where is_credit

),

events as (

    select
        l.format,
        l.file_id,
        l.row_number,
        l.source,
        l.source_customer_id,
        l.source_product_id,
        a.price,
        l.is_credit,
        abs(l.quantity) as pieces,
        l.amount,
        sum(case when l.is_credit then 0 else 1 end) over (
            partition by l.source, l.source_customer_id, l.source_product_id, a.price
            order by l.ordered_at, case when l.is_credit then 1 else 0 end, l.file_id, l.row_number
            rows between unbounded preceding and current row
        ) as sale_number,
        l.ordered_at
    from lines as l
    inner join returned_articles as a
        on
            l.source = a.source
            and l.source_customer_id = a.source_customer_id
            and l.source_product_id = a.source_product_id
            and abs(l.unit_price) = a.price

),

-- A return belongs to the customer's last purchase of the article at that price before it.
paired as (

    select
        c.format,
        c.file_id,
        c.row_number,
        s.format as sale_format,
        s.file_id as sale_file_id,
        s.row_number as sale_row_number,
        c.price,
        c.pieces,
        s.pieces as sold_pieces,
        sum(c.pieces) over (
            partition by s.format, s.file_id, s.row_number
            order by c.ordered_at, c.file_id, c.row_number
            rows between unbounded preceding and current row
        ) as returned_so_far
    from events as c
    inner join events as s
        on
            c.source = s.source
            and c.source_customer_id = s.source_customer_id
            and c.source_product_id = s.source_product_id
            and c.price = s.price
            and c.sale_number = s.sale_number
            and not s.is_credit
    where c.is_credit

),

-- No more can come back than was bought; what exceeds it stays a refund of goods bought before the data begins.
final as (

    select
        format,
        file_id,
        row_number,
        sale_format,
        sale_file_id,
        sale_row_number,
        cast(
            price * greatest(0, least(pieces, sold_pieces - (returned_so_far - pieces))) as decimal(18, 2)
        ) as matched_amount
    from paired

)

select * from final
where matched_amount > 0
