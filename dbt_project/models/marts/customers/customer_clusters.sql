{%- set features = normalised_feature_names().split(',') -%}
with customers as (

    select * from {{ ref('int_customer_normalised_features') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

scales as (

    select * from {{ ref('int_cluster_scales') }}

),

centres as (

    select * from {{ ref('int_cluster_centres') }}

),

names as (

    select * from {{ ref('int_cluster_names') }}

),

-- One row; null for a feature in which all customers were alike.
scale as (

    select
        {% for name in features -%}
        max(case when feature = '{{ name }}' then mean end) as mean_{{ name }},
        max(case when feature = '{{ name }}' then deviation end) as deviation_{{ name }}{{ "," if not loop.last }}
        {% endfor %}
    from scales

),

places as (

    select
        cluster_id,
        {% for name in features -%}
        coalesce(max(case when feature = '{{ name }}' then centre end), 0) as {{ name }}{{ "," if not loop.last }}
        {% endfor %}
    from centres
    group by cluster_id

),

-- On the scale that was fitted, not on that of today: a customer who does nothing must not move because others do.
scaled as (

    select
        c.customer_id,
        {% for name in features -%}
        -- `greatest` and `least` pass over a null instead of giving it back.
        case
            when s.deviation_{{ name }} is null then 0
            else
                greatest(
                    -{{ var('cluster_limit') }},
                    least({{ var('cluster_limit') }}, (c.log_{{ name }} - s.mean_{{ name }}) / s.deviation_{{ name }})
                )
        end as {{ name }}{{ "," if not loop.last }}
        {% endfor %}
    from customers as c
    cross join scale as s

),

distances as (

    select
        c.customer_id,
        p.cluster_id,
        sqrt(
            {% for name in features -%}
            power(c.{{ name }} - p.{{ name }}, 2){{ " +" if not loop.last }}
            {% endfor %}
        ) as distance
    from scaled as c
    cross join places as p

),

ranked as (

    select
        customer_id,
        cluster_id,
        distance,
        row_number() over (partition by customer_id order by distance asc, cluster_id asc) as place
    from distances

),

final as (

    select
        cast(a.as_of_date as date) as as_of_date,
        cast(c.customer_id as {{ dbt.type_string() }}) as customer_id,
        cast(n.fitted_as_of as date) as fitted_as_of,
        cast(r.cluster_id as bigint) as cluster_id,
        cast(n.name_en as {{ dbt.type_string() }}) as cluster_name,
        cast(n.name_zh as {{ dbt.type_string() }}) as cluster_name_zh,
        cast(round(r.distance, 6) as double) as distance
    from customers as c
    cross join as_of as a
    left join ranked as r on c.customer_id = r.customer_id and r.place = 1
    left join names as n on r.cluster_id = n.cluster_id

)

select * from final
