{#- What a model has fitted, of the version that the as-of date is scored with. -#}
{% macro version_in_force(model, staging) %}
with fitted as (

    select * from {{ ref(staging) }}

),

versions as (

    select * from {{ ref('int_model_versions') }} where model = '{{ model }}'

)

select f.*
from fitted as f
inner join versions as v on f.fitted_as_of = v.fitted_as_of
{% endmacro %}
