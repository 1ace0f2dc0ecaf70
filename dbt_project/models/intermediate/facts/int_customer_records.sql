with unified as (

    {% for landed in landed_formats('customers') -%}
    select
        '{{ landed.format }}' as format,
        file_id,
        row_number,
        source,
        source_customer_id,
        person_id,
        email_key,
        phone_key,
        name_address_key,
        gender,
        birth_date,
        age_band,
        province,
        city,
        registered_at,
        source_referrer_id,
        acquisition_channel
    from {{ ref('int_customer_records__' ~ landed.format) }}
    {{ "union all" if not loop.last }}
    {% endfor %}
)

select * from unified
