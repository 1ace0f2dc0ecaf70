{{ config(materialized='incremental', incremental_strategy='replace_scope', unique_key='customer_id', on_schema_change='fail',
          meta={'scope': 'int_touched_traits'}) }}
with psychology as (

    select p.*
    from {{ ref('int_customer_psychology') }} as p
    inner join {{ ref('int_snapshot_dates') }} as s on p.snapshot_date = s.snapshot_date and s.is_as_of
    where {{ in_scope('p.customer_id', 'int_touched_traits') }}

),

traits as (

    select * from {{ ref('int_purchase_traits') }}
    where {{ in_scope('customer_id', 'int_touched_traits') }}

),

rules as (

    select * from {{ ref('psychology_rules') }}

),

parameters as (
{{ psychology_parameters('rules') }}
),

features as (

    select
        p.customer_id,
        p.purchases,
        p.dominant_psychology,
        {% for code in psychology_codes() -%}
        p.{{ affinity_column(code) }},
        {% endfor -%}
        {% for psychology, feature, value in psychology_features() -%}
        {{ rounded(value, 4) }} as {{ feature }}{{ "," if not loop.last }}
        {% endfor %}
    from psychology as p
    inner join traits as t on p.last_order_id = t.order_id

),

-- What each feature says in words, and which input is missing where nothing can be said.
worded as (

    select
        f.*,
        {% for psychology, feature, value in psychology_features() -%}
        case
            when p.{{ feature }}__weight is null then null
            when f.{{ feature }} is null
                then ', {{ feature }} unknown ('
                    || case when f.purchases < 2 and p.{{ feature }}__needs_repeat = 1
                        then 'repeat_purchases' else p.{{ feature }}__input end
                    || ')'
            else ', {{ feature }} = ' || {{ number_text('f.' ~ feature) }}
                || ' (weight ' || {{ number_text('p.' ~ feature ~ '__weight') }}
                || ', ' || {{ number_text('p.' ~ feature ~ '__zero_at') }}
                || ' to ' || {{ number_text('p.' ~ feature ~ '__one_at') }} || ')'
        end as {{ feature }}__evidence,
        case
            when f.{{ feature }} is not null or coalesce(p.{{ feature }}__is_required, 0) = 0 then null
            when f.purchases < 2 and p.{{ feature }}__needs_repeat = 1 then 'repeat_purchases'
            else p.{{ feature }}__input
        end as {{ feature }}__missing{{ "," if not loop.last }}
        {% endfor %}
    from features as f
    cross join parameters as p

),

final as (

    {% for code in psychology_codes() -%}
    {% set features = psychology_features() | selectattr(0, 'equalto', code) | map(attribute=1) | list -%}
    select
        customer_id,
        '{{ code }}' as psychology,
        {{ affinity_column(code) }} as affinity,
        coalesce(dominant_psychology = '{{ code }}', false) as is_dominant,
        substring(
            {% for feature in features -%}
            {{ "|| " if not loop.first }}coalesce({{ feature }}__evidence, '')
            {% endfor -%},
            3
        ) as evidence,
        -- Each input is named once.
        case
            when {{ affinity_column(code) }} is null
                then coalesce(nullif(substring(
                    {% for feature in features -%}
                    {% set earlier = features[:loop.index0] -%}
                    {{ "|| " if not loop.first }}case
                        when {{ feature }}__missing is null then ''
                        {% for other in earlier -%}
                        when {{ feature }}__missing = {{ other }}__missing then ''
                        {% endfor -%}
                        else ', ' || {{ feature }}__missing
                    end
                    {% endfor -%},
                    3
                ), ''), 'every feature of its rules')
        end as missing_inputs
    from worded
    {{ "union all" if not loop.last }}
    {% endfor %}
)

select * from final
