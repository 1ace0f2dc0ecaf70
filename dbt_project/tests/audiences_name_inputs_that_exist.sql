{{ config(meta={'dagster': {'ref': {'name': 'int_supplied_inputs'}}}) }}

-- An input that nobody counts could never be missing.
with named as (

    select code, ',' || inputs || ',' as inputs from {{ ref('audience_definitions') }}

),

known as (

    select ',' || input || ',' as input from {{ ref('int_supplied_inputs') }}

),

-- What is left of the list when every known input is taken out.
found as (

    select
        n.code,
        min(length(n.inputs) - length(replace(n.inputs, ',', '')) - 1) as named_inputs,
        count(k.input) as known_inputs
    from named as n
    left join known as k on n.inputs like '%' || k.input || '%'
    group by n.code

)

select * from found
where named_inputs <> known_inputs
