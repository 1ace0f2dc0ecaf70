with lines as (

    select * from {{ ref('int_order_lines') }}

),

described as (

    select * from {{ ref('int_product_records') }}

),

-- What the order lines themselves say of a product; the alphabetically last title stands, so that the order of rows
-- does not matter.
sold as (

    select
        source,
        source_product_id,
        max(product_title) as title,
        max(category) as category,
        cast(max(unit_price) as decimal(18, 2)) as highest_price
    from lines
    where source_product_id is not null
    group by source, source_product_id

),

-- The cost that holds on the last day of the data; of two that do, the one that began later.
costs as (

    select
        c.source,
        c.source_product_id,
        c.unit_cost,
        row_number() over (
            partition by c.source, c.source_product_id
            order by c.valid_from desc nulls last, c.record_id asc
        ) as newest_rank
    from {{ ref('int_product_costs') }} as c
    cross join {{ ref('int_data_range') }} as r
    where
        (c.valid_from is null or c.valid_from <= r.last_order_date)
        and (c.valid_to is null or c.valid_to >= r.last_order_date)

),

seen as (

    select source, source_product_id from sold
    union
    select source, source_product_id from described

),

shared_ids as (

    select source_product_id
    from seen
    group by source_product_id
    having count(*) > 1

),

final as (

    select
        case
            when i.source_product_id is not null then s.source || ':' || s.source_product_id
            else s.source_product_id
        end as product_id,
        s.source,
        s.source_product_id,
        coalesce(d.title, o.title) as title,
        coalesce(d.category, o.category) as category,
        d.subcategory,
        d.brand,
        coalesce(d.list_price, o.highest_price) as list_price,
        coalesce(c.unit_cost, d.unit_cost) as unit_cost,
        d.source_product_id is not null as is_in_catalogue
    from seen as s
    left join described as d on s.source = d.source and s.source_product_id = d.source_product_id
    left join costs as c
        on s.source = c.source and s.source_product_id = c.source_product_id and c.newest_rank = 1
    left join sold as o on s.source = o.source and s.source_product_id = o.source_product_id
    left join shared_ids as i on s.source_product_id = i.source_product_id

)

select * from final
