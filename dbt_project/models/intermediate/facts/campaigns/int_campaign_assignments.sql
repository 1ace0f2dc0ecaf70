with listed as (

    select * from {{ ref('int_campaign_members') }}

),

campaigns as (

    select * from {{ ref('int_campaigns') }}

),

campaign_keys as (

    select * from {{ ref('int_campaign_keys') }}

),

accounts as (

    select * from {{ ref('int_customer_accounts') }}

),

-- A variant that is called holdout says the same as the mark.
members as (

    select
        source,
        source_campaign_id,
        source_customer_id,
        is_holdout or coalesce(lower(variant) = 'holdout', false) as is_holdout,
        variant,
        reached_at,
        opened_at,
        clicked_at,
        contact_cost
    from listed

),

-- A list that marks who was held back is believed; the hash rule speaks where a list holds everybody and marks nobody.
marked as (

    select
        source,
        source_campaign_id,
        max(case when is_holdout then 1 else 0 end) = 1 as has_marks
    from members
    group by source, source_campaign_id

),

final as (

    select
        k.campaign_id,
        a.customer_id,
        m.source,
        m.source_campaign_id,
        m.source_customer_id,
        case
            when c.holdout_share is null or h.has_marks then m.is_holdout
            else {{ assigned_to_holdout('a.customer_id', 'coalesce(c.holdout_salt, k.campaign_id)', 'c.holdout_share') }}
        end as is_holdout,
        m.variant,
        m.reached_at,
        m.opened_at,
        m.clicked_at,
        m.contact_cost
    from members as m
    inner join campaign_keys as k on m.source = k.source and m.source_campaign_id = k.source_campaign_id
    inner join marked as h on m.source = h.source and m.source_campaign_id = h.source_campaign_id
    inner join accounts as a on m.source = a.source and m.source_customer_id = a.source_customer_id
    left join campaigns as c on m.source = c.source and m.source_campaign_id = c.source_campaign_id

)

select * from final
