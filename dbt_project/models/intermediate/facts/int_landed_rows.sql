with landed as (

    {% for landed in landed_formats() -%}
    select
        '{{ landed.format }}' as format,
        source,
        file_id,
        count(*) as rows,
        {{ 'sum(cast(coalesce(amount, 0) as decimal(18, 2)))' if landed.amount else 'cast(0 as decimal(18, 2))' }} as amount
    from {{ ref(landed.staging) }}
    group by source, file_id
    {{ "union all" if not loop.last }}
    {% endfor %}
)

select * from landed
