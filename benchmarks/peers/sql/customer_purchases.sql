-- One row per customer who bought. A state begins with the first two purchases, after silence, and with the purchase
-- after a reactivation.
select
    o.customer_id,
    count(*) as frequency,
    cast(sum(o.net_amount) as decimal(18, 2)) as monetary,
    min(o.order_date) as first_purchase_date,
    max(o.order_date) as last_purchase_date,
    -- Two orders of one day say nothing about a rhythm.
    1 + count(case when o.interval_days > 0 then 1 end) as purchase_days,
    median(case when o.interval_days > 0 then o.interval_days end) as median_interval_days,
    max_by(coalesce(o.interval_days, -1), o.purchase_number) as last_interval_days,
    max(
        case
            when
                o.purchase_number <= 2
                or o.interval_days > b.silent_after_days
                or o.previous_interval_days > b.sleeping_after_days
                then {
                    'purchase_number': o.purchase_number,
                    'begins_on': o.order_date,
                    'state_before': case
                        when o.interval_days > b.churned_after_days then 'churned'
                        when o.interval_days > b.sleeping_after_days then 'sleeping'
                        when o.interval_days > b.silent_after_days then 'silent'
                        when o.purchase_number = 2 then 'new'
                        when o.previous_interval_days > b.sleeping_after_days then 'reactivated'
                        when o.purchase_number > 2 then 'active'
                    end
                }
        end
    ) as latest_begin
from core.fct_orders as o
cross join core.lifecycle_boundaries as b
where o.is_purchase and o.customer_id is not null
group by o.customer_id
