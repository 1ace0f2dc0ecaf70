{{ config(meta={'dagster': {'ref': {'name': 'province_regions'}}}) }}

-- Whatever province an address is cut to belongs to a region.
with provinces as (

    {% for province in _province_names().strip().split('|') -%}
        select '{{ province }}' as province
        {{ "union all" if not loop.last }}
    {% endfor %}
)

select p.province
from provinces as p
left join {{ ref('province_regions') }} as r on p.province = r.province
where r.province is null
