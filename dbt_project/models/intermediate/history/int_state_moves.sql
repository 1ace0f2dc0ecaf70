{{ config(materialized='incremental', incremental_strategy='replace_scope', unique_key='snapshot_date', on_schema_change='fail',
          meta={'scope': 'int_touched_snapshots'}) }}
{%- set dimensions = state_dimensions() -%}
with chains as (

    select * from {{ ref('int_state_chains') }}
    where {{ in_scope('snapshot_date', 'int_touched_snapshots') }}

),

counterfactuals as (

    select * from {{ ref('int_state_counterfactuals') }}
    where {{ in_scope('snapshot_date', 'int_touched_snapshots') }}

),

cut_points_held as (

    select * from counterfactuals where scenario = 'cut_points_held'

),

only_purchases as (

    select * from counterfactuals where scenario = 'only_purchases'

),

moved as (

    {% for dimension in dimensions -%}
    select
        '{{ dimension }}' as dimension,
        c.snapshot_date,
        c.previous_snapshot_date,
        c.known_on,
        c.customer_id,
        c.earlier_{{ dimension }} as from_value,
        c.{{ dimension }} as to_value,
        p.customer_id is not null as has_bought,
        {% if dimension == 'psychology' -%}
        -- What a purchase says is fixed with it: only purchases move it, or what the shop compares them with.
        case when p.customer_id is null then c.earlier_psychology else c.psychology end as value_with_cut_points_held,
        c.psychology as value_by_purchases_alone
        {%- else -%}
        k.{{ dimension }} as value_with_cut_points_held,
        p.{{ dimension }} as value_by_purchases_alone
        {%- endif %}
    from chains as c
    left join cut_points_held as k on c.snapshot_date = k.snapshot_date and c.customer_id = k.customer_id
    left join only_purchases as p on c.snapshot_date = p.snapshot_date and c.customer_id = p.customer_id
    where coalesce(c.earlier_{{ dimension }}, '') <> coalesce(c.{{ dimension }}, '')
    {{ "union all" if not loop.last }}
    {% endfor %}
),

final as (

    select
        dimension,
        snapshot_date,
        previous_snapshot_date,
        customer_id,
        from_value,
        to_value,
        case
            -- A label that was not there before came with a registration or a purchase, and goes with the window.
            when from_value is null or from_value = 'prospect' then 'acted'
            when to_value is null then 'time'
            -- With the cut points of then the customer would be what it was.
            when value_with_cut_points_held = from_value then 'cut_point'
            -- The purchases alone make something else of the customer.
            when has_bought and value_by_purchases_alone <> from_value then 'acted'
            else 'time'
        end as cause
    from moved

)

select * from final
