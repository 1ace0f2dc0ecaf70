with as_of as (

    select * from {{ ref('int_as_of') }}

),

purchases as (

    select * from {{ ref('int_purchases') }}

),

bought as (

    select distinct customer_id, order_date, category
    from {{ ref('int_basket_products') }}
    where customer_id is not null and category is not null

),

purchase_days as (

    select distinct customer_id, purchase_date
    from purchases

),

following_days as (

    select
        customer_id,
        purchase_date,
        lead(purchase_date) over (partition by customer_id order by purchase_date) as next_date
    from purchase_days

),

-- A day of more categories than a basket may have products is a wholesaler's.
small_days as (

    select
        b.customer_id,
        b.order_date,
        f.next_date
    from bought as b
    inner join following_days as f on b.customer_id = f.customer_id and b.order_date = f.purchase_date
    group by b.customer_id, b.order_date, f.next_date
    having count(*) <= {{ var('association_maximum_products') }}

),

-- Both days name their categories, or nothing is known of what came next.
known_pairs as (

    select
        d.customer_id,
        d.order_date,
        d.next_date,
        {{ days_between('d.order_date', 'd.next_date') }} as gap_days
    from small_days as d
    inner join small_days as n on d.customer_id = n.customer_id and d.next_date = n.order_date

),

left_days as (

    select
        p.customer_id,
        p.next_date,
        p.gap_days,
        b.category
    from known_pairs as p
    inner join bought as b on p.customer_id = b.customer_id and p.order_date = b.order_date

),

from_days as (

    select category, count(*) as days
    from left_days
    group by category

),

to_days as (

    select b.category, count(*) as days
    from known_pairs as p
    inner join bought as b on p.customer_id = b.customer_id and p.next_date = b.order_date
    group by b.category

),

total as (

    select count(*) as days from known_pairs

),

transitions as (

    select
        f.category as from_category,
        t.category as to_category,
        count(*) as transitions,
        count(distinct f.customer_id) as customers,
        median(f.gap_days) as median_gap_days
    from left_days as f
    inner join bought as t on f.customer_id = t.customer_id and f.next_date = t.order_date
    group by f.category, t.category

),

final as (

    select
        cast(a.as_of_date as date) as as_of_date,
        cast(n.from_category as {{ dbt.type_string() }}) as from_category,
        cast(n.to_category as {{ dbt.type_string() }}) as to_category,
        cast(n.transitions as bigint) as transitions,
        cast(n.customers as bigint) as customers,
        cast(f.days as bigint) as from_days,
        cast(n.transitions as double) / f.days as share,
        cast(n.transitions * g.days as double) / (f.days * t.days) as lift,
        cast(n.median_gap_days as double) as median_gap_days,
        cast(
            row_number() over (
                partition by n.from_category
                order by n.transitions desc, n.to_category asc
            ) as bigint
        ) as to_rank
    from transitions as n
    inner join from_days as f on n.from_category = f.category
    inner join to_days as t on n.to_category = t.category
    cross join total as g
    cross join as_of as a

)

select * from final
