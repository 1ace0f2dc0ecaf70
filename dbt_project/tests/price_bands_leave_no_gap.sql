{{ config(meta={'dagster': {'ref': {'name': 'price_bands_definition'}}}) }}

-- From 0 upwards each price lies in exactly one band: the first begins at 0, each next one where the last ended, and
-- the last has no end.
with bands as (

    select
        price_band,
        lower_price,
        upper_price,
        lag(upper_price) over (order by lower_price) as previous_upper_price,
        row_number() over (order by lower_price) as position_up,
        row_number() over (order by lower_price desc) as position_down
    from {{ ref('price_bands_definition') }}

)

select *
from bands
where
    lower_price <> case when position_up = 1 then 0 else coalesce(previous_upper_price, -1) end
    or upper_price <= lower_price
    or (position_down = 1) <> (upper_price is null)
