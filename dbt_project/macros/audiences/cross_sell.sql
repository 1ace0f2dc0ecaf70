{#- What the last purchase held is asked for its five surest companions; the surest one that the customer never bought is
    recommended. -#}
{% macro audience_rows__cross_sell() %}
with companions as (

    select
        *,
        row_number() over (
            partition by antecedent
            order by confidence desc, lift desc, consequent asc
        ) as companion_rank
    from {{ ref('product_associations') }}
    where lift >= {{ var('audience_cross_sell_lift') }}

),

last_purchases as (

    select
        p.customer_id,
        p.order_id,
        p.purchase_date
    from {{ ref('int_purchases') }} as p
    inner join {{ ref('int_as_of') }} as a
        on p.purchase_date > {{ add_days('a.as_of_date', -var('audience_cross_sell_days')) }}
    where p.next_purchase_date is null

),

bought as (

    select customer_id, product_id
    from {{ ref('int_purchase_products') }}
    group by customer_id, product_id

),

offered as (

    select
        l.customer_id,
        l.purchase_date,
        c.antecedent,
        c.consequent,
        c.antecedent_title,
        c.consequent_title,
        c.confidence,
        c.lift
    from last_purchases as l
    inner join {{ ref('int_purchase_products') }} as p on l.order_id = p.order_id
    inner join companions as c on p.product_id = c.antecedent and c.companion_rank <= 5
    left join bought as b on l.customer_id = b.customer_id and c.consequent = b.product_id
    where b.product_id is null

),

ranked as (

    select
        *,
        row_number() over (
            partition by customer_id
            order by confidence desc, lift desc, consequent asc, antecedent asc
        ) as offer_rank
    from offered

)

select
    customer_id,
    purchase_date as occasion_on,
    {{ sentence(
        '{} 买了“{}”，从未买过“{}”；买前者的订单中 {}% 也买后者，是偶然的 {} 倍',
        [
            'purchase_date', 'coalesce(antecedent_title, antecedent)', 'coalesce(consequent_title, consequent)',
            per_cent('confidence'), short_number('round(lift, 1)'),
        ]
    ) }} as reason_zh,
    {{ sentence(
        'bought {} on {} and never {}; {}% of the orders with the first hold the second, {} times what chance gives',
        [
            'coalesce(antecedent_title, antecedent)', 'purchase_date', 'coalesce(consequent_title, consequent)',
            per_cent('confidence'), short_number('round(lift, 1)'),
        ]
    ) }} as reason
from ranked
where offer_rank = 1
{% endmacro %}
