with named as (

    {% for relation in ['int_campaigns', 'int_campaign_members', 'int_coupons', 'int_coupon_redemptions'] -%}
    select source, source_campaign_id
    from {{ ref(relation) }}
    where source_campaign_id is not null
    {{ "union" if not loop.last }}
    {% endfor %}
),

-- Ids are the sources' own; only where two sources use the same one does the source stand before it.
shared_ids as (

    select source_campaign_id
    from named
    group by source_campaign_id
    having count(*) > 1

),

final as (

    select
        n.source,
        n.source_campaign_id,
        case
            when s.source_campaign_id is not null then n.source || ':' || n.source_campaign_id
            else n.source_campaign_id
        end as campaign_id
    from named as n
    left join shared_ids as s on n.source_campaign_id = s.source_campaign_id

)

select * from final
