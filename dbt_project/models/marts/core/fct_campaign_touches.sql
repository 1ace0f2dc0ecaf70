with assignments as (

    select * from {{ ref('int_campaign_assignments') }}

),

campaigns as (

    select * from {{ ref('dim_campaigns') }}

),

-- One row per person and campaign: whether any list says when a message reached them.
timed as (

    select
        campaign_id,
        customer_id,
        max(case when reached_at is not null then 1 else 0 end) = 1 as has_sent_time
    from assignments
    group by campaign_id, customer_id

),

-- Who was written to counts once as assigned, whatever the accounts and variants in the lists.
listed as (

    select
        a.*,
        c.channel,
        c.started_at,
        t.has_sent_time
    from assignments as a
    inner join campaigns as c on a.campaign_id = c.campaign_id
    inner join timed as t on a.campaign_id = t.campaign_id and a.customer_id = t.customer_id

),

touches as (

    select
        *,
        case when is_holdout then 'holdout' else 'assigned' end as touch_type,
        started_at as touched_at,
        not is_holdout and not has_sent_time as is_contact
    from listed
    {% for touch_type, column in [('sent', 'reached_at'), ('opened', 'opened_at'), ('clicked', 'clicked_at')] %}
    union all

    select
        *,
        '{{ touch_type }}' as touch_type,
        {{ column }} as touched_at,
        {{ "not is_holdout" if touch_type == 'sent' else "false" }} as is_contact
    from listed
    where {{ column }} is not null
    {% endfor %}
),

final as (

    select
        cast(
            md5(campaign_id || '|' || source_customer_id || '|' || coalesce(variant, '') || '|' || touch_type)
            as {{ dbt.type_string() }}
        ) as touch_id,
        cast(campaign_id as {{ dbt.type_string() }}) as campaign_id,
        cast(source as {{ dbt.type_string() }}) as source,
        cast(customer_id as {{ dbt.type_string() }}) as customer_id,
        cast(touch_type as {{ dbt.type_string() }}) as touch_type,
        cast(touched_at as timestamp) as touched_at,
        cast(channel as {{ dbt.type_string() }}) as channel,
        cast(variant as {{ dbt.type_string() }}) as variant,
        cast(is_contact as boolean) as is_contact
    from touches

)

select * from final
