with records as (

    select * from {{ ref('int_referral_records') }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by source, source_customer_id
            order by referred_at asc nulls last, source_referrer_id asc
        ) as earliest_rank
    from records
    -- Nobody brings themselves.
    where source_referrer_id <> source_customer_id

)

select
    source,
    source_customer_id,
    source_referrer_id,
    referred_at,
    channel
from ranked
where earliest_rank = 1
