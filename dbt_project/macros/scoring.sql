{#- How customers are scored and labelled. Everything here is used more than once: for the shop as it is, for the
    identity rules side by side, and for the question what a customer would be if one thing had stayed the same. -#}

{#-
  CTEs that end in `cut_points`: for each `by` the least value that earns a score of 2, 3, 4 and 5.

  `measured` is a CTE with one row per `by` and customer and its recency_days, frequency and monetary.
  Method `quantile`: percent rank = customers with a lower value / (customers - 1), score = 1 + floor(5 × rank), at most
  5, so equal values always get equal scores; one purchase scores 1 and repeat buyers are ranked from 2 to 5. The window
  runs over distinct values, never over customers. Method `fixed`: the seed rfm_cut_points.
  For recency r_2 to r_5 are the most days that still earn the score. Null: nobody earns it.
-#}
{% macro rfm_cut_points(measured, by) %}
{%- if var('rfm_method') == 'fixed' %}
fixed_cut_points as (

    select
        {% for measure in ['r', 'f', 'm'] -%}
        {% for score in range(2, 6) -%}
        max(case when measure = '{{ measure }}' and score = {{ score }} then cut_point end) as {{ measure }}_{{ score }}{{ "," if not (measure == 'm' and score == 5) }}
        {% endfor %}
        {%- endfor %}
    from {{ ref('rfm_cut_points') }}

),

groups as (

    select distinct {{ by }} from {{ measured }}

),

cut_points as (

    select g.{{ by }}, c.*
    from groups as g
    cross join fixed_cut_points as c

)
{%- else %}
-- Fewer days are better: with the sign turned, more is better for all three.
measured_values as (

    select {{ by }}, 'r' as measure, cast(-recency_days as decimal(18, 2)) as measured_value from {{ measured }}
    union all
    select {{ by }}, 'f' as measure, cast(frequency as decimal(18, 2)) as measured_value from {{ measured }} where frequency > 1
    union all
    select {{ by }}, 'm' as measure, cast(monetary as decimal(18, 2)) as measured_value from {{ measured }}

),

value_counts as (

    select {{ by }}, measure, measured_value, count(*) as customers
    from measured_values
    group by {{ by }}, measure, measured_value

),

cumulated_values as (

    select
        {{ by }},
        measure,
        measured_value,
        sum(customers) over (
            partition by {{ by }}, measure order by measured_value rows between unbounded preceding and current row
        ) - customers as lower_customers,
        sum(customers) over (partition by {{ by }}, measure) as all_customers,
        case when measure = 'f' then 2 else 1 end as lowest
    from value_counts

),

scored_values as (

    select
        {{ by }},
        measure,
        measured_value,
        least(
            5,
            lowest + floor(
                (6 - lowest) * cast(lower_customers as double)
                / case when all_customers > 1 then all_customers - 1 else 1 end
            )
        ) as score
    from cumulated_values

),

cut_points as (

    select
        {{ by }},
        {% for score in range(2, 6) -%}
        -min(case when measure = 'r' and score >= {{ score }} then measured_value end) as r_{{ score }},
        {% if score == 2 -%}
        cast(2 as decimal(18, 2)) as f_2,
        {%- else -%}
        min(case when measure = 'f' and score >= {{ score }} then measured_value end) as f_{{ score }},
        {%- endif %}
        min(case when measure = 'm' and score >= {{ score }} then measured_value end) as m_{{ score }}{{ "," if not loop.last }}
        {% endfor %}
    from scored_values
    group by {{ by }}

)
{%- endif %}
{% endmacro %}

{#- The score of a value: `measure` r, f or m; `cuts` the alias of a row of cut points. -#}
{% macro rfm_score(measure, column, cuts) %}
cast(case
    {% for score in [5, 4, 3, 2] -%}
    when {{ column }} {{ '<=' if measure == 'r' else '>=' }} {{ cuts }}.{{ measure }}_{{ score }} then {{ score }}
    {% endfor -%}
    else 1
end as bigint)
{% endmacro %}

{#- Day on which the shop first heard of a customer; null when it has no date of it. -#}
{% macro known_since(customers) %}
cast(least(
    coalesce({{ customers }}.first_order_at, {{ customers }}.registered_at),
    coalesce({{ customers }}.registered_at, {{ customers }}.first_order_at)
) as date)
{% endmacro %}

{#- Joins the orders of a purchase: with grain `day` all orders of the customer's day are one. -#}
{% macro is_part_of_purchase(orders, purchases) %}
{% if var('purchase_grain') == 'day' -%}
{{ orders }}.customer_id = {{ purchases }}.customer_id
and {{ orders }}.order_date = {{ purchases }}.purchase_date
{%- else -%}
{{ orders }}.order_id = {{ purchases }}.order_id
{%- endif %}
{% endmacro %}

{#- What a purchase makes of its customer at that moment. -#}
{% macro state_by_purchase(purchase_number, interval_days, boundaries) %}
case
    when {{ purchase_number }} = 1 then 'new'
    when {{ interval_days }} > {{ boundaries }}.sleeping_after_days then 'reactivated'
    else 'active'
end
{% endmacro %}

{#- What so many days without a purchase make of a customer; null while that changes nothing. -#}
{% macro state_by_days(days, boundaries) %}
case
    when {{ days }} > {{ boundaries }}.churned_after_days then 'churned'
    when {{ days }} > {{ boundaries }}.sleeping_after_days then 'sleeping'
    when {{ days }} > {{ boundaries }}.silent_after_days then 'silent'
end
{% endmacro %}

{% macro quadrant(amount_level, frequency_level) %}
case
    when {{ amount_level }} = 'high' and {{ frequency_level }} = 'high' then 'premium'
    when {{ amount_level }} = 'high' then 'potential'
    when {{ frequency_level }} = 'high' then 'problem'
    when {{ amount_level }} is not null then 'pending'
end
{% endmacro %}

{#-
  CTEs that end in `judged`: every label of the customers in the CTE `features`, by the `cut_points` of `cut_date`.

  `features` has one row per `keys` with cut_date, purchases, recency_days, last_interval_days, frequency, monetary,
  qualifying_orders and qualifying_amount.
-#}
{% macro judged_customers(features, cut_points, keys=['snapshot_date', 'customer_id']) %}
tier_thresholds as (

    select
        {% for level in range(2, 7) -%}
        max(case when level = {{ level }} then minimum_amount end) as amount_{{ level }},
        max(case when level = {{ level }} then minimum_orders end) as orders_{{ level }}{{ "," if not loop.last }}
        {% endfor %}
    from {{ ref('membership_tiers') }}

),

scored as (

    select
        {% for key in keys -%}
        f.{{ key }},
        {% endfor -%}
        case when f.frequency > 0 then {{ rfm_score('r', 'f.recency_days', 'c') }} end as r_score,
        case when f.frequency > 0 then {{ rfm_score('f', 'f.frequency', 'c') }} end as f_score,
        case when f.frequency > 0 then {{ rfm_score('m', 'f.monetary', 'c') }} end as m_score,
        c.r_mean,
        c.f_mean,
        c.m_mean,
        case when f.purchases >= 4 then '4+' else cast(f.purchases as {{ dbt.type_string() }}) end as frequency_class,
        case
            when f.frequency > 0 then case when f.monetary >= c.amount_threshold then 'high' else 'low' end
        end as amount_level,
        case
            when f.frequency > 0 then case when f.frequency >= c.frequency_threshold then 'high' else 'low' end
        end as frequency_level,
        coalesce(
            {{ state_by_days('f.recency_days', 'c') }},
            {{ state_by_purchase('f.purchases', 'f.last_interval_days', 'c') }}
        ) as lifecycle,
        case
            {% for level in [6, 5, 4, 3, 2] -%}
            when f.qualifying_amount >= t.amount_{{ level }} and f.qualifying_orders >= t.orders_{{ level }} then {{ level }}
            {% endfor -%}
            else 1
        end as tier_level
    from {{ features }} as f
    inner join {{ cut_points }} as c on f.cut_date = c.snapshot_date
    cross join tier_thresholds as t

),

judged as (

    select
        {% for key in keys -%}
        s.{{ key }},
        {% endfor -%}
        s.r_score,
        s.f_score,
        s.m_score,
        g.segment,
        v.value_class,
        s.frequency_class,
        s.amount_level,
        s.frequency_level,
        {{ quadrant('s.amount_level', 's.frequency_level') }} as quadrant,
        s.lifecycle,
        m.tier
    from scored as s
    left join {{ ref('int_score_segments') }} as g
        on s.r_score = g.r_score and s.f_score = g.f_score and s.m_score = g.m_score
    left join {{ ref('value_classes') }} as v
        on
            (s.r_score >= s.r_mean) = v.r_high
            and (s.f_score >= s.f_mean) = v.f_high
            and (s.m_score >= s.m_mean) = v.m_high
    left join {{ ref('membership_tiers') }} as m on s.tier_level = m.level

)
{% endmacro %}

{#- The labels that have a history, as columns of int_customer_states. -#}
{% macro state_dimensions() %}
    {{ return(['segment', 'value_class', 'frequency_class', 'quadrant', 'lifecycle', 'tier', 'psychology']) }}
{% endmacro %}
