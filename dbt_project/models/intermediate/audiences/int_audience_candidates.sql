{#- What an audience's file may read. It is named here, so that dbt builds all of it before and a new file needs no change. -#}
{%- set readable = [
    ref('int_as_of'), ref('int_purchases'), ref('int_purchase_products'), ref('int_purchase_traits'),
    ref('int_customer_features'), ref('int_customer_states'), ref('int_customer_psychology'), ref('int_customer_attitudes'),
    ref('int_seasons'), ref('fct_orders'), ref('fct_order_items'), ref('fct_refunds'), ref('fct_reviews'), ref('fct_events'),
    ref('dim_customers'), ref('dim_products'), ref('customer_lifecycle'), ref('customer_rfm'), ref('customer_value_quadrant'),
    ref('customer_membership'), ref('customer_tags'), ref('customer_repurchase_intervals'),
    ref('category_repurchase_intervals'), ref('product_repurchase_intervals'), ref('product_associations'),
    ref('category_associations'), ref('category_transitions'),
] -%}
{%- set codes = audience_codes() -%}
with as_of as (

    select * from {{ ref('int_as_of') }}

),

audiences as (

    select * from {{ ref('audience_definitions') }}

),

customers as (

    select customer_id from {{ ref('dim_customers') }}

),

{% for code in codes -%}
audience_{{ code }} as (
{{ context['audience_rows__' ~ code]() }}
),

{% endfor -%}
united as (

    {% for code in codes -%}
    select
        '{{ code }}' as code,
        cast(customer_id as {{ dbt.type_string() }}) as customer_id,
        cast(occasion_on as date) as occasion_on,
        cast(reason_zh as {{ dbt.type_string() }}) as reason_zh,
        cast(reason as {{ dbt.type_string() }}) as reason
    from audience_{{ code }}
    {{ "union all" if not loop.last }}
    {% endfor %}
),

-- The list of a day goes out on the next day at the earliest.
planned as (

    select
        a.as_of_date,
        u.code,
        u.customer_id,
        u.occasion_on,
        greatest({{ add_days('u.occasion_on', 's.send_after_days') }}, {{ add_days('a.as_of_date', 1) }}) as send_on,
        s.valid_days,
        u.reason_zh,
        u.reason
    from united as u
    -- A visitor who has neither ordered nor registered is no customer.
    inner join customers as c on u.customer_id = c.customer_id
    inner join audiences as s on u.code = s.code and s.is_active
    cross join as_of as a

)

select
    as_of_date,
    code,
    customer_id,
    occasion_on,
    send_on,
    reason_zh,
    reason
from planned
where valid_days is null or send_on <= {{ add_days('occasion_on', 'valid_days') }}
