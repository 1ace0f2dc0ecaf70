with touched_buyers as (

    select * from {{ ref('int_touched_buyers') }}

),

purchases as (

    select * from {{ ref('int_purchases') }}

),

changes as (

    select cast({{ dbt.date_trunc('month', 'min(changed_since)') }} as date) as first_month
    from touched_buyers

),

-- A purchase is compared with all of its month: one more moves the others.
final as (

    select customer_id from touched_buyers

    union

    select p.customer_id
    from purchases as p
    inner join changes as c on p.purchase_date >= c.first_month
    {%- if not builds_a_part() %}
    where 1 = 0
    {%- endif %}

)

select * from final
