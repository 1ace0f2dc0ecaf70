with data_range as (

    select * from {{ ref('int_data_range') }}

)

select
    {% if var('as_of_date') == 'latest' -%}
    last_order_date as as_of_date
    {%- else -%}
    cast('{{ var("as_of_date") }}' as date) as as_of_date
    {%- endif %}
from data_range
