with campaign_keys as (

    select * from {{ ref('int_campaign_keys') }}

),

campaigns as (

    select * from {{ ref('int_campaigns') }}

),

members as (

    select * from {{ ref('int_campaign_members') }}

),

contacts as (

    select
        source,
        source_campaign_id,
        min(reached_at) as first_reached_at,
        sum(contact_cost) as contact_cost
    from members
    group by source, source_campaign_id

),

dated as (

    select
        k.campaign_id,
        k.source,
        c.campaign_name,
        c.channel,
        c.campaign_type,
        -- Where nobody wrote down when it began, the first message did.
        coalesce(c.started_at, m.first_reached_at) as started_at,
        c.ended_at,
        -- A total that is given holds the contacts; costs per contact add up to one.
        coalesce(c.campaign_cost, m.contact_cost) as cost,
        c.holdout_share,
        c.holdout_salt,
        c.source_campaign_id is not null as is_described
    from campaign_keys as k
    left join campaigns as c on k.source = c.source and k.source_campaign_id = c.source_campaign_id
    left join contacts as m on k.source = m.source and k.source_campaign_id = m.source_campaign_id

),

final as (

    select
        cast(campaign_id as {{ dbt.type_string() }}) as campaign_id,
        cast(source as {{ dbt.type_string() }}) as source,
        cast(campaign_name as {{ dbt.type_string() }}) as name,
        cast(channel as {{ dbt.type_string() }}) as channel,
        cast(campaign_type as {{ dbt.type_string() }}) as campaign_type,
        cast(started_at as timestamp) as started_at,
        cast(ended_at as timestamp) as ended_at,
        cast(started_at as date) as start_date,
        case
            when ended_at is not null then cast(ended_at as date)
            else {{ add_days('cast(started_at as date)', var('campaign_default_days') - 1) }}
        end as end_date,
        cast(ended_at is null and started_at is not null as boolean) as is_end_assumed,
        cast(is_described as boolean) as is_described,
        cast(cost as decimal(18, 2)) as cost,
        cast(holdout_share as double) as holdout_share,
        cast(holdout_salt as {{ dbt.type_string() }}) as holdout_salt
    from dated

)

select * from final
