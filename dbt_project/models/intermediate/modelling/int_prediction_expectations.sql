{#- Customers who bought on as many days and came as long ago share these sums, so they are made once for all of them.
    The sum is over the values of the dropout that the customers still alive have; see docs/predictions.md. -#}
with customers as (

    select * from {{ ref('int_customer_purchases') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

parameters as (

    select * from {{ ref('int_prediction_parameters') }} where r is not null

),

nodes as (

    select * from {{ ref('int_prediction_nodes') }}

),

histories as (

    select distinct
        c.purchase_days - 1 as repeat_days,
        {{ days_between('c.first_purchase_date', 'a.as_of_date') }} as age_days
    from customers as c
    cross join as_of as a

),

repeats as (

    select distinct repeat_days from histories

),

weights as (

    select
        r.repeat_days,
        n.dropout,
        n.log_weight + r.repeat_days * ln(1 - n.dropout) as log_weight
    from repeats as r
    cross join nodes as n

),

-- Only the proportions count; the heaviest is made 1, so that a thousand purchases do not end in 0 divided by 0.
heaviest as (

    select
        repeat_days,
        max(log_weight) as log_weight
    from weights
    group by repeat_days

),

weighted as (

    select
        w.repeat_days,
        w.dropout,
        exp(w.log_weight - h.log_weight) as weight
    from weights as w
    inner join heaviest as h on w.repeat_days = h.repeat_days

),

final as (

    select
        h.repeat_days,
        h.age_days,
        {% for days in prediction_horizons() -%}
        -- The order of a sum of doubles depends on the threads; what is stored must not.
        round(
            sum(
                w.weight / w.dropout
                * {{ one_minus_power('w.dropout * ' ~ days ~ ' / (p.alpha + h.age_days)', '(p.r + h.repeat_days)') }}
            ) / sum(w.weight), 9
        ) as purchase_days_{{ days }}d{{ "," if not loop.last }}
        {% endfor %}
    from histories as h
    cross join parameters as p
    inner join weighted as w on h.repeat_days = w.repeat_days
    group by h.repeat_days, h.age_days

)

select * from final
