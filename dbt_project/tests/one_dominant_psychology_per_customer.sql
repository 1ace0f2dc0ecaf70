{{ config(meta={'dagster': {'ref': {'name': 'customer_psychology'}}}) }}

-- Ten rows a customer, at most one of them dominant, and one where anything is known that reaches the minimum.
select
    customer_id,
    count(*) as psychologies,
    sum(case when is_dominant then 1 else 0 end) as dominant
from {{ ref('customer_psychology') }}
group by customer_id
having
    count(*) <> 10
    or sum(case when is_dominant then 1 else 0 end)
    <> case when max(affinity) >= {{ var('psychology_minimum_affinity') }} then 1 else 0 end
