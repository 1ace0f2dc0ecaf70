{{ config(meta={'dagster': {'ref': {'name': 'audience_definitions'}}}) }}

-- A row of the seed without a file has no members, a file without a row no name: both are mistakes.
with files as (

    {% for code in audience_codes() -%}
    select '{{ code }}' as code
    {{ "union all" if not loop.last }}
    {% endfor %}
)

select
    coalesce(d.code, f.code) as code,
    case when f.code is null then 'no file in macros/audiences' else 'no row in the seed audience_definitions' end as problem
from {{ ref('audience_definitions') }} as d
full outer join files as f on d.code = f.code
where d.code is null or f.code is null
