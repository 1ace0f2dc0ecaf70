{%- set reasons = compiled_patterns('refund_reason_patterns', 'reason_code', 'priority') -%}
with refunds as (

    select * from {{ ref('int_refunds') }}

),

reasons as (

    select distinct refund_reason
    from refunds
    where refund_reason is not null

)

select
    refund_reason,
    case
        {%- for reason in reasons %}
        when {{ text_matches('lower(refund_reason)', reason.pattern) }} then '{{ reason.code }}'
        {%- endfor %}
        else 'other'
    end as reason_code
from reasons
