with assignments as (

    select * from {{ ref('int_campaign_assignments') }}

),

campaigns as (

    select * from {{ ref('dim_campaigns') }}

),

people as (

    select
        campaign_id,
        customer_id,
        min(case when not is_holdout then variant end) as first_variant,
        max(case when not is_holdout then variant end) as last_variant,
        min(case when is_holdout then 1 else 0 end) as least_held_back,
        max(case when is_holdout then 1 else 0 end) as most_held_back,
        min(reached_at) as reached_at,
        min(opened_at) as opened_at,
        min(clicked_at) as clicked_at
    from assignments
    group by campaign_id, customer_id

),

final as (

    select
        p.campaign_id,
        p.customer_id,
        p.most_held_back = 1 as is_holdout,
        case when p.most_held_back = 0 then p.first_variant end as variant,
        -- Two variants, or held back and written to: nobody can say what this person's orders are due to.
        p.least_held_back <> p.most_held_back or coalesce(p.first_variant <> p.last_variant, false) as is_excluded,
        coalesce(p.reached_at, c.started_at) as contact_at,
        p.opened_at,
        p.clicked_at
    from people as p
    inner join campaigns as c on p.campaign_id = c.campaign_id

)

select * from final
