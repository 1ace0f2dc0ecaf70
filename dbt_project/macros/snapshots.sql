{#- What is known of every customer on some dates, and what customers are compared with on them. The date of the run and the
    month-ends of the history go through the same SQL, so that both judge alike; the date of the run stands in tables of its
    own (int_as_of_snapshots, int_as_of_cut_points, int_as_of_labels), so that its marts do not wait for the history. -#}

{#-
  CTEs that end in `known_purchases`: one row per date of the CTE `snapshot_dates` and customer who had bought by then, from
  the CTE `purchases`. Running totals are taken once per purchase and read off at each date: a date costs a join, no new sum.
-#}
{% macro known_purchases() %}
{%- set windows = {'rfm_window': var('rfm_window_days'), 'membership_window': var('membership_window_days')} -%}
running as (

    select
        customer_id,
        purchase_number,
        purchase_date,
        next_purchase_date,
        interval_days,
        min(purchase_date) over (partition by customer_id) as first_purchase_date,
        sum(net_amount) over (
            partition by customer_id
            order by purchase_number
            rows between unbounded preceding and current row
        ) as net_amount
    from purchases

),

-- A purchase is its customer's latest one from its own day until the day of the next.
standing as (

    select
        s.snapshot_date,
        s.previous_snapshot_date,
        s.is_as_of,
        r.*
    from snapshot_dates as s
    inner join running as r
        on
            s.snapshot_date >= r.purchase_date
            and (r.next_purchase_date is null or s.snapshot_date < r.next_purchase_date)

),

-- What stood on the day before each window begins; the window holds the difference.
{% for window, days in windows.items() -%}
before_{{ window }} as (
{% if days is none %}
    select
        snapshot_date,
        customer_id,
        cast(0 as bigint) as purchases,
        cast(0 as decimal(18, 2)) as net_amount
    from standing
    where 1 = 0
{% else %}
    select
        s.snapshot_date,
        r.customer_id,
        r.purchase_number as purchases,
        r.net_amount
    from snapshot_dates as s
    inner join running as r
        on
            {{ add_days('s.snapshot_date', -days) }} >= r.purchase_date
            and (r.next_purchase_date is null or {{ add_days('s.snapshot_date', -days) }} < r.next_purchase_date)
{% endif %}
),

{% endfor -%}
known_purchases as (

    select
        s.snapshot_date,
        s.previous_snapshot_date,
        s.is_as_of,
        s.customer_id,
        s.purchase_number as purchases,
        s.net_amount,
        s.first_purchase_date,
        s.purchase_date as last_purchase_date,
        s.interval_days as last_interval_days,
        {{ days_between('s.purchase_date', 's.snapshot_date') }} as recency_days,
        s.purchase_number - coalesce(w.purchases, 0) as frequency,
        cast(s.net_amount - coalesce(w.net_amount, 0) as decimal(18, 2)) as monetary,
        s.purchase_number - coalesce(m.purchases, 0) as qualifying_orders,
        cast(s.net_amount - coalesce(m.net_amount, 0) as decimal(18, 2)) as qualifying_amount,
        coalesce(w.purchases, 0) as purchases_before_window,
        coalesce(w.net_amount, 0) as net_amount_before_window,
        coalesce(m.purchases, 0) as purchases_before_membership,
        coalesce(m.net_amount, 0) as net_amount_before_membership
    from standing as s
    left join before_rfm_window as w on s.snapshot_date = w.snapshot_date and s.customer_id = w.customer_id
    left join before_membership_window as m on s.snapshot_date = m.snapshot_date and s.customer_id = m.customer_id

)
{% endmacro %}

{#-
  CTEs that end in `compared`: one row per date of the CTE `boundaries`, every number that the customers of the CTE
  `snapshots` are compared with on that date.
-#}
{% macro compared_numbers() %}
measured as (

    select
        snapshot_date,
        recency_days,
        frequency,
        monetary
    from snapshots
    where frequency > 0

),

{{ rfm_cut_points('measured', 'snapshot_date') }},

scored as (

    select
        m.snapshot_date,
        {{ rfm_score('r', 'm.recency_days', 'c') }} as r_score,
        {{ rfm_score('f', 'm.frequency', 'c') }} as f_score,
        {{ rfm_score('m', 'm.monetary', 'c') }} as m_score
    from measured as m
    inner join cut_points as c on m.snapshot_date = c.snapshot_date

),

score_means as (

    select
        snapshot_date,
        avg(r_score) as r_mean,
        avg(f_score) as f_mean,
        avg(m_score) as m_mean
    from scored
    group by snapshot_date

),

thresholds as (

    select
        snapshot_date,
        count(*) as customers,
        {% if var('quadrant_threshold') == 'median' -%}
        cast(median(monetary) as double) as amount_threshold,
        cast(median(frequency) as double) as frequency_threshold
        {%- else -%}
        cast(sum(monetary) as double) / count(*) as amount_threshold,
        cast(sum(frequency) as double) / count(*) as frequency_threshold
        {%- endif %}
    from measured
    group by snapshot_date

),

compared as (

    select
        b.snapshot_date,
        b.is_as_of,
        coalesce(t.customers, 0) as customers,
        {% for measure in ['r', 'f', 'm'] -%}
        {% for score in range(2, 6) -%}
        c.{{ measure }}_{{ score }},
        {% endfor -%}
        {% endfor -%}
        s.r_mean,
        s.f_mean,
        s.m_mean,
        t.amount_threshold,
        t.frequency_threshold,
        b.interval_count,
        b.is_from_own_intervals,
        b.silent_after_days,
        b.sleeping_after_days,
        b.churned_after_days
    from boundaries as b
    left join cut_points as c on b.snapshot_date = c.snapshot_date
    left join score_means as s on b.snapshot_date = s.snapshot_date
    left join thresholds as t on b.snapshot_date = t.snapshot_date

)
{% endmacro %}

{#-
  CTEs that end in `labels`: one row per date of the CTE `snapshot_dates` and customer of the CTE `customers` known by then,
  every label but the psychology, by the purchases of the CTE `snapshots` and the `cut_points` of each date.
-#}
{% macro labels(cut_points) %}
features as (

    select
        snapshot_date,
        snapshot_date as cut_date,
        customer_id,
        purchases,
        recency_days,
        last_interval_days,
        frequency,
        monetary,
        qualifying_orders,
        qualifying_amount
    from snapshots

),

{{ judged_customers('features', cut_points) }},

known as (

    select
        c.customer_id,
        {{ known_since('c') }} as known_since,
        cast(c.first_purchase_at as date) as first_purchase_date
    from customers as c

),

-- Who is known by a date and has not bought by then.
prospects as (

    select
        s.snapshot_date,
        k.customer_id
    from known as k
    inner join snapshot_dates as s
        on
            (k.known_since is null or s.snapshot_date >= k.known_since)
            and (k.first_purchase_date is null or s.snapshot_date < k.first_purchase_date)

),

labels as (

    select
        j.snapshot_date,
        j.customer_id,
        j.r_score,
        j.f_score,
        j.m_score,
        j.segment,
        j.value_class,
        j.frequency_class,
        j.amount_level,
        j.frequency_level,
        j.quadrant,
        j.lifecycle,
        j.tier
    from judged as j

    union all

    select
        snapshot_date,
        customer_id,
        cast(null as bigint) as r_score,
        cast(null as bigint) as f_score,
        cast(null as bigint) as m_score,
        cast(null as {{ dbt.type_string() }}) as segment,
        cast(null as {{ dbt.type_string() }}) as value_class,
        cast(null as {{ dbt.type_string() }}) as frequency_class,
        cast(null as {{ dbt.type_string() }}) as amount_level,
        cast(null as {{ dbt.type_string() }}) as frequency_level,
        cast(null as {{ dbt.type_string() }}) as quadrant,
        'prospect' as lifecycle,
        cast(null as {{ dbt.type_string() }}) as tier
    from prospects

)
{% endmacro %}
