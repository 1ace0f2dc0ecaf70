with units as (

    select * from {{ ref('int_campaign_units') }}

),

periods as (

    select * from {{ ref('int_campaign_periods') }}
    where period_number = 0

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

purchases as (

    select * from {{ ref('int_purchases') }}

),

-- A message that has not gone out by the as-of date has reached nobody.
reached as (

    select
        u.campaign_id,
        u.customer_id,
        u.is_holdout,
        u.variant,
        u.is_excluded,
        case when cast(u.opened_at as date) <= a.as_of_date then 1 else 0 end as is_opened,
        case when cast(u.clicked_at as date) <= a.as_of_date then 1 else 0 end as is_clicked,
        p.starts_on,
        p.ends_on
    from units as u
    inner join periods as p on u.campaign_id = p.campaign_id
    inner join as_of as a on cast(u.contact_at as date) <= a.as_of_date or u.is_holdout

),

-- One row per member who ever bought.
bought as (

    select
        r.campaign_id,
        r.customer_id,
        min(b.purchase_date) < min(r.starts_on) as is_existing,
        sum(case when b.purchase_date between r.starts_on and r.ends_on then 1 else 0 end) as orders,
        sum(case when b.purchase_date between r.starts_on and r.ends_on then b.net_amount else 0 end) as net_amount,
        {% if var('ab_cuped_days') is none -%}
        cast(0 as decimal(18, 2)) as earlier_amount
        {%- else -%}
        sum(
            case
                when
                    b.purchase_date < r.starts_on
                    and b.purchase_date >= {{ add_days('r.starts_on', -var('ab_cuped_days')) }} then b.net_amount
                else 0
            end
        ) as earlier_amount
        {%- endif %}
    from reached as r
    inner join purchases as b on r.customer_id = b.customer_id
    group by r.campaign_id, r.customer_id

),

final as (

    select
        r.campaign_id,
        r.customer_id,
        r.is_holdout,
        r.variant,
        r.is_excluded,
        r.is_opened,
        r.is_clicked,
        coalesce(b.is_existing, false) as is_existing,
        coalesce(b.orders, 0) as orders,
        cast(coalesce(b.net_amount, 0) as decimal(18, 2)) as net_amount,
        cast(coalesce(b.earlier_amount, 0) as decimal(18, 2)) as earlier_amount
    from reached as r
    left join bought as b on r.campaign_id = b.campaign_id and r.customer_id = b.customer_id

)

select * from final
