{{ config(meta={'dagster': {'ref': {'name': 'customer_lifecycle'}}}) }}

-- customer_lifecycle follows each purchase to say since when; int_customer_states reads the state off the last one. On
-- the day of the run both must name the same state of the same customers.
with lifecycle as (

    select * from {{ ref('customer_lifecycle') }}

),

states as (

    select s.*
    from {{ ref('int_customer_states') }} as s
    inner join {{ ref('int_as_of') }} as a on s.snapshot_date = a.as_of_date

)

select
    coalesce(l.customer_id, s.customer_id) as customer_id,
    l.state,
    s.lifecycle
from lifecycle as l
full outer join states as s on l.customer_id = s.customer_id
where coalesce(l.state, '') <> coalesce(s.lifecycle, '')
