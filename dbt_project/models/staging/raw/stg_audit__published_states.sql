with source as (

    select * from {{ source('audit', 'published_states') }}

)

select
    as_of_date,
    customer_id,
    {% for dimension in state_dimensions() -%}
    {{ dimension }}{{ "," if not loop.last }}
    {% endfor %}
from source
