with orders as (

    select * from {{ ref('int_orders') }}

),

customers as (

    select * from {{ ref('int_customers') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

final as (

    select 'orders' as input, count(*) as supplied from orders
    union all
    select 'customer_ids' as input, count(source_customer_id) as supplied from orders
    union all
    select 'contacts' as input, count(*) as supplied from {{ ref('int_identity_edges') }}
    union all
    select 'order_lines' as input, count(*) as supplied from {{ ref('int_order_lines') }}
    union all
    select 'products' as input, count(*) as supplied from {{ ref('int_products') }} where is_in_catalogue
    union all
    select 'discounts' as input, count(*) as supplied from orders where discount_amount > 0
    union all
    select 'refunds' as input, count(*) as supplied from {{ ref('fct_refunds') }}
    union all
    select 'events' as input, count(*) as supplied from {{ ref('fct_events') }}
    union all
    select 'reviews' as input, count(*) as supplied from {{ ref('fct_reviews') }}
    union all
    select 'review_texts' as input, count(text_hash) as supplied from {{ ref('int_review_subjects') }}
    union all
    select 'coupons' as input, count(*) as supplied from {{ ref('int_coupon_redemptions') }}
    union all
    select 'campaign_costs' as input, count(cost) as supplied from {{ ref('dim_campaigns') }}
    union all
    select 'campaign_variants' as input, count(case when is_holdout then 'holdout' else variant end) as supplied
    from {{ ref('int_campaign_units') }}
    union all
    select 'campaigns' as input, count(*) as supplied from {{ ref('int_campaigns') }}
    union all
    select 'campaign_members' as input, count(*) as supplied from {{ ref('int_campaign_members') }}
    union all
    select 'product_costs' as input, count(unit_cost) as supplied from {{ ref('dim_products') }}
    union all
    select 'referrals' as input, count(referrer_id) as supplied from customers
    union all
    select
        'customer_attributes' as input,
        count(coalesce(gender, age_band, province, acquisition_channel)) as supplied
    from customers
    union all
    select 'birth_dates' as input, count(birth_date) as supplied from customers
    union all
    select 'opt_outs' as input, count(*) as supplied from {{ ref('int_opt_outs') }}
    union all
    select 'unpaid_orders' as input, count(*) as supplied from orders where status = 'unpaid'
    union all
    select 'cart_events' as input, count(*) as supplied from {{ ref('fct_events') }} where event_type = 'cart'
    union all
    select 'shop_anniversary' as input, {{ 1 if var('shop_anniversary') else 0 }} as supplied
    union all
    -- The seed holds the dates of the lunar calendar year by year, and ends.
    select 'lunar_dates' as input, count(*) as supplied
    from {{ ref('int_seasons') }} as s
    inner join as_of as a on s.last_date > a.as_of_date
    where s.season = 'Spring Festival'

)

select
    cast(input as {{ dbt.type_string() }}) as input,
    cast(supplied as bigint) as supplied
from final
