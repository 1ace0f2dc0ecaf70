with opt_outs as (

    select * from {{ ref('int_opt_outs') }}

),

accounts as (

    select * from {{ ref('int_customer_accounts') }}

),

edges as (

    select * from {{ ref('int_identity_edges') }}

),

nodes as (

    select * from {{ ref('int_customer_nodes') }}

),

as_of as (

    select * from {{ ref('int_as_of') }}

),

-- An opt-out counts from the moment it has landed, whatever day the marts are of: their lists go out after it. Who agreed again
-- is asked again from that day on, and not before.
in_force as (

    select o.*
    from opt_outs as o
    left join as_of as a on true
    where not coalesce(
        o.opted_in_at > coalesce(o.opted_out_at, cast('1900-01-01' as timestamp))
        and cast(o.opted_in_at as date) <= a.as_of_date,
        false
    )

),

named as (

    select
        a.customer_id,
        o.channel
    from in_force as o
    inner join accounts as a on o.source = a.source and o.source_customer_id = a.source_customer_id
    {%- for kind in ['email', 'phone'] %}

    union all

    -- Everybody who gave the contact, also where many share it: nobody there wants to be written to.
    select
        n.customer_id,
        o.channel
    from in_force as o
    inner join edges as e on e.contact = '{{ kind }}:' || o.{{ kind }}_key
    inner join nodes as n on e.node = n.node
    {%- endfor %}

)

select distinct
    customer_id,
    coalesce(channel, '') as channel
from named
where customer_id is not null
