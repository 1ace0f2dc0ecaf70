{{ config(materialized='incremental', incremental_strategy='replace_scope', unique_key='snapshot_date', on_schema_change='fail',
          meta={'scope': 'int_touched_snapshots'}) }}
with traits as (

    select * from {{ ref('int_purchase_traits') }}

),

rules as (

    select * from {{ ref('psychology_rules') }}

),

snapshots as (

    select * from {{ ref('int_snapshot_dates') }}
    where {{ in_scope('snapshot_date', 'int_touched_snapshots') }}

),

parameters as (
{{ psychology_parameters('rules') }}
),

features as (

    select
        customer_id,
        order_id,
        purchase_number,
        purchase_date,
        next_purchase_date,
        {% for psychology, feature, value in psychology_features() -%}
        {{ rounded(value, 4) }} as {{ feature }}{{ "," if not loop.last }}
        {% endfor %}
    from traits
    -- What the next purchase had replaced before the first of the dates needs no score.
    where next_purchase_date is null or next_purchase_date > (select min(s.snapshot_date) from snapshots as s)

),

-- 0 to 1 where the feature is known and has a rule.
scored as (

    select
        f.customer_id,
        f.order_id,
        f.purchase_number,
        f.purchase_date,
        f.next_purchase_date,
        {% for psychology, feature, value in psychology_features() -%}
        case
            when f.{{ feature }} is not null and p.{{ feature }}__weight > 0
                then greatest(
                    0.0,
                    least(
                        1.0,
                        (f.{{ feature }} - p.{{ feature }}__zero_at) / (p.{{ feature }}__one_at - p.{{ feature }}__zero_at)
                    )
                )
        end as {{ feature }},
        p.{{ feature }}__weight,
        p.{{ feature }}__is_required{{ "," if not loop.last }}
        {% endfor %}
    from features as f
    cross join parameters as p

),

judged as (

    select
        customer_id,
        order_id,
        purchase_number,
        purchase_date,
        next_purchase_date,
        {% for code in psychology_codes() -%}
        {% set features = psychology_features() | selectattr(0, 'equalto', code) | map(attribute=1) | list -%}
        {% set affinity -%}
            (
                {% for feature in features -%}
                {{ "+ " if not loop.first }}coalesce({{ feature }} * {{ feature }}__weight, 0)
                {% endfor -%}
            )
            / nullif(
                {% for feature in features -%}
                {{ "+ " if not loop.first }}case when {{ feature }} is not null then {{ feature }}__weight else 0 end
                {% endfor -%},
                0
            )
        {%- endset -%}
        case
            when
                {% for feature in features -%}
                {{ "and " if not loop.first }}({{ feature }} is not null or coalesce({{ feature }}__is_required, 0) = 0)
                {% endfor -%}
                then {{ half_up(affinity, 5, 4) }}
        end as {{ affinity_column(code) }}{{ "," if not loop.last }}
        {% endfor %}
    from scored

),

strongest as (

    select
        *,
        greatest(
            {% for code in psychology_codes() -%}
            coalesce({{ affinity_column(code) }}, -1){{ "," if not loop.last }}
            {% endfor -%}
        ) as highest_affinity
    from judged

),

dominated as (

    select
        *,
        -- The first of the list wins where several are equal.
        case
            when highest_affinity < 0 or highest_affinity < {{ var('psychology_minimum_affinity') }} then null
            {% for code in psychology_codes() -%}
            when {{ affinity_column(code) }} = highest_affinity then '{{ code }}'
            {% endfor -%}
        end as dominant_psychology
    from strongest

),

-- Traits of a purchase never change afterwards, so the state of a day is that of the last purchase before its end.
final as (

    select
        s.snapshot_date,
        d.customer_id,
        d.order_id as last_order_id,
        d.purchase_number as purchases,
        {% for code in psychology_codes() -%}
        d.{{ affinity_column(code) }},
        {% endfor -%}
        cast(d.dominant_psychology as {{ dbt.type_string() }}) as dominant_psychology
    from dominated as d
    inner join snapshots as s
        on
            d.purchase_date <= s.snapshot_date
            and (d.next_purchase_date is null or d.next_purchase_date > s.snapshot_date)

)

select * from final
