{{ config(meta={'dagster': {'ref': {'name': 'int_row_dispositions'}}}) }}

-- No row is removed twice, and what was landed minus what was removed is what the facts are made of: for orders and
-- lines the rows that went on, for everything else one row for each key.
with dispositions as (

    select * from {{ ref('int_row_dispositions') }}

),

kept_rows as (

    select format from {{ ref('int_order_lines') }}
    union all
    -- A record that stands on a goods line is that line's row.
    select format from {{ ref('int_order_records') }} where not is_order_line

),

removed_twice as (

    select
        format,
        file_id,
        row_number,
        count(*) as copies
    from dispositions
    group by format, file_id, row_number
    having count(*) > 1

),

landed as (

    select
        format,
        rows as row_count
    from {{ ref('int_landed_rows') }}
    union all
    select
        format,
        count(*) as row_count
    from {{ ref('stg_raw__unreadable_rows') }}
    group by format

),

landed_of_format as (

    select
        format,
        sum(row_count) as row_count
    from landed
    group by format

),

removed_of_format as (

    select
        format,
        count(*) as row_count
    from dispositions
    group by format

),

kept_of_format as (

    {% for landed in landed_formats() if landed.entities[0] in entities_without_money() -%}
        select
            '{{ landed.format }}' as format,
            count(distinct {{ landed.key | join(" || chr(31) || ") }}) as row_count
        from {{ ref(landed.staging) }}
        where
            not is_unreadable
            {%- for column in landed.needed or [] %}
            and {{ column }} is not null
            {%- endfor %}
            {%- for column in landed.example_ids or [] %}
            and coalesce({{ column }} not like 'EXAMPLE%', true)
            {%- endfor %}
        union all
    {% endfor %}
    select
        format,
        count(*) as row_count
    from kept_rows
    group by format

),

counted as (

    select
        l.format,
        l.row_count as landed_rows,
        coalesce(r.row_count, 0) as removed_rows,
        coalesce(k.row_count, 0) as kept_rows
    from landed_of_format as l
    left join removed_of_format as r on l.format = r.format
    left join kept_of_format as k on l.format = k.format

)

select
    format,
    'a row is removed twice' as problem,
    file_id,
    row_number,
    copies as row_count
from removed_twice

union all

select
    format,
    'landed minus removed is not kept' as problem,
    cast(null as bigint) as file_id,
    cast(null as bigint) as row_number,
    landed_rows - removed_rows - kept_rows as row_count
from counted
where landed_rows - removed_rows <> kept_rows
