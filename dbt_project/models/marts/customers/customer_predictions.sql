with customers as (

    select * from {{ ref('int_customer_purchases') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

parameters as (

    select * from {{ ref('int_prediction_parameters') }}

),

buckets as (

    select * from {{ ref('int_prediction_buckets') }}

),

expectations as (

    select * from {{ ref('int_prediction_expectations') }}

),

tastes as (

    select * from {{ ref('int_customer_tastes') }}

),

histories as (

    select
        a.as_of_date,
        c.customer_id,
        c.purchase_days,
        c.purchase_days - 1 as repeat_days,
        c.last_purchase_date,
        {{ days_between('c.first_purchase_date', 'c.last_purchase_date') }} as last_age_days,
        {{ days_between('c.first_purchase_date', 'a.as_of_date') }} as age_days,
        {{ days_between('c.last_purchase_date', 'a.as_of_date') }} as recency_days,
        cast(c.net_amount as double) / c.purchase_days as amount_per_day,
        c.mean_log_interval
    from customers as c
    cross join as_of as a

),

-- MBG/NBD. The exponent is cut off where the chance to be alive is 0 to any number of digits.
alive as (

    select
        h.customer_id,
        1 / (
            1 + p.a / (p.b + h.repeat_days)
            * exp(least(700, (p.r + h.repeat_days) * ln((p.alpha + h.age_days) / (p.alpha + h.last_age_days))))
        ) as probability_alive,
        1 - exp(
            -(p.r + h.repeat_days) * ln(1 + {{ prediction_churn_days() }} / (p.alpha + h.age_days))
        ) as buys_if_alive
    from histories as h
    cross join parameters as p
    where p.r is not null

),

by_model as (

    select
        h.customer_id,
        'mbg_nbd' as method,
        l.probability_alive,
        {% for days in prediction_horizons() -%}
        l.probability_alive * e.purchase_days_{{ days }}d as purchase_days_{{ days }}d,
        {% endfor -%}
        1 - l.probability_alive * l.buys_if_alive as churn_risk
    from histories as h
    inner join alive as l on h.customer_id = l.customer_id
    inner join expectations as e on h.repeat_days = e.repeat_days and h.age_days = e.age_days

),

-- Below the least number of repeat buyers: what customers of the same recency and frequency did in the window before.
by_bucket as (

    select
        h.customer_id,
        'buckets' as method,
        cast(null as double) as probability_alive,
        {% for days in prediction_horizons() -%}
        max(case when b.horizon_days = {{ days }} then b.purchases end) as purchase_days_{{ days }}d,
        {% endfor -%}
        1 - max(case when b.horizon_days = {{ prediction_churn_days() }} then b.buyer_share end) as churn_risk
    from histories as h
    inner join buckets as b
        on
            h.recency_days >= b.recency_from
            and h.recency_days < coalesce(b.recency_below, 1000000)
            and h.purchase_days >= b.frequency_from
            and h.purchase_days < coalesce(b.frequency_below, 1000000)
    inner join parameters as p on p.r is null
    group by h.customer_id

),

predicted as (

    select * from by_model
    union all
    select * from by_bucket

),

-- What a day with a purchase is worth: Gamma-Gamma, or the customer's own mean where it could not be fitted.
worth as (

    select
        h.customer_id,
        case
            when p.spend_p is null or h.amount_per_day <= 0 then h.amount_per_day
            else
                p.spend_p * (p.spend_gamma + h.purchase_days * h.amount_per_day)
                / (p.spend_p * h.purchase_days + p.spend_q - 1)
        end as amount_per_day,
        p.purchases_per_day,
        p.fitted_as_of
    from histories as h
    cross join parameters as p

),

-- The next purchase by the customer's own intervals, and how far intervals of this shop's customers lie around their means.
rhythms as (

    select
        h.customer_id,
        h.as_of_date,
        h.last_purchase_date,
        exp(h.mean_log_interval) as interval_days,
        exp({{ var('prediction_range_z') }} * p.interval_deviation * sqrt(1 + 1.0 / h.repeat_days)) as spread
    from histories as h
    inner join parameters as p on p.interval_deviation is not null
    where h.purchase_days >= 3

),

next_days as (

    select
        customer_id,
        {{ add_days('as_of_date', '1') }} as tomorrow,
        {{ add_days('last_purchase_date', 'floor(interval_days / spread)') }} as earliest_date,
        {{ add_days('last_purchase_date', 'round(interval_days)') }} as likely_date,
        {{ add_days('last_purchase_date', 'ceil(interval_days * spread)') }} as latest_date
    from rhythms

),

-- Whoever has outstayed the range has left their own rhythm, and no date is given.
next_purchases as (

    select
        customer_id,
        greatest(earliest_date, tomorrow) as earliest_date,
        greatest(likely_date, tomorrow) as likely_date,
        latest_date
    from next_days
    where latest_date >= tomorrow

),

valued as (

    select
        h.as_of_date,
        h.customer_id,
        w.fitted_as_of,
        p.method,
        h.purchase_days,
        h.recency_days,
        p.probability_alive,
        {% for days in prediction_horizons() -%}
        p.purchase_days_{{ days }}d * w.purchases_per_day as expected_purchases_{{ days }}d,
        {% endfor -%}
        w.amount_per_day / w.purchases_per_day as expected_purchase_amount,
        p.purchase_days_365d * w.amount_per_day as expected_value_365d,
        p.churn_risk
    from histories as h
    left join predicted as p on h.customer_id = p.customer_id
    left join worth as w on h.customer_id = w.customer_id

),

top_values as (

    select percentile_cont(0.8) within group (order by expected_value_365d) as least_value
    from valued
    where expected_value_365d > 0

),

final as (

    select
        cast(v.as_of_date as date) as as_of_date,
        cast(v.customer_id as {{ dbt.type_string() }}) as customer_id,

        -- how it was predicted
        cast(v.method as {{ dbt.type_string() }}) as method,
        cast(v.fitted_as_of as date) as fitted_as_of,
        cast(v.purchase_days as bigint) as purchase_days,
        cast(v.recency_days as bigint) as recency_days,

        -- whether and how often
        cast({{ half_up('v.probability_alive', 18, 6) }} as double) as probability_alive,
        {% for days in prediction_horizons() -%}
        cast({{ half_up('v.expected_purchases_' ~ days ~ 'd', 18, 6) }} as double) as expected_purchases_{{ days }}d,
        {% endfor -%}
        cast({{ half_up('v.churn_risk', 18, 6) }} as double) as churn_risk,

        -- how much
        {{ half_up('case when v.method is not null then v.expected_purchase_amount end', 18, 2) }} as expected_purchase_amount,
        cast(v.expected_value_365d as decimal(18, 2)) as expected_value_365d,
        case
            when v.expected_value_365d is not null
                then v.expected_value_365d > 0 and v.expected_value_365d >= t.least_value
        end as is_top_value,

        -- when and what
        cast(n.earliest_date as date) as next_purchase_earliest,
        cast(n.likely_date as date) as next_purchase_date,
        cast(n.latest_date as date) as next_purchase_latest,
        cast(s.most_bought_category as {{ dbt.type_string() }}) as next_category
    from valued as v
    cross join top_values as t
    left join next_purchases as n on v.customer_id = n.customer_id
    left join tastes as s on v.customer_id = s.customer_id

)

select * from final
