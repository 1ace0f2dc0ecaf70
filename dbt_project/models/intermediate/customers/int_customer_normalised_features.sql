{%- set features = normalised_feature_names().split(',') -%}
with customers as (

    select * from {{ ref('int_customer_purchases') }}

),

tastes as (

    select * from {{ ref('int_customer_tastes') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

measured as (

    select
        c.customer_id,
        c.purchase_days,
        c.net_amount,
        {{ days_between('c.last_purchase_date', 'a.as_of_date') }} as recency_days,
        coalesce(t.category_count, 0) as category_count
    from customers as c
    cross join as_of as a
    left join tastes as t on c.customer_id = t.customer_id

),

logarithms as (

    select
        customer_id,
        {% for name in features -%}
        {{ log_feature(name) }} as log_{{ name }}{{ "," if not loop.last }}
        {% endfor %}
    from measured

),

spread as (

    select
        {% for name in features -%}
        avg(log_{{ name }}) as mean_{{ name }},
        stddev_pop(log_{{ name }}) as deviation_{{ name }},
        min(log_{{ name }}) as least_{{ name }},
        max(log_{{ name }}) as most_{{ name }}{{ "," if not loop.last }}
        {% endfor %}
    from logarithms

),

-- Below this a spread is the rounding of equal numbers.
final as (

    select
        l.customer_id,
        {% for name in features -%}
        l.log_{{ name }},
        round(
            case
                when s.deviation_{{ name }} > 1e-9 then (l.log_{{ name }} - s.mean_{{ name }}) / s.deviation_{{ name }}
                else 0
            end, 6
        ) as z_{{ name }},
        round(
            case
                when s.most_{{ name }} > s.least_{{ name }}
                    then (l.log_{{ name }} - s.least_{{ name }}) / (s.most_{{ name }} - s.least_{{ name }})
                else 0
            end, 6
        ) as unit_{{ name }}{{ "," if not loop.last }}
        {% endfor %}
    from logarithms as l
    cross join spread as s

)

select * from final
