{#- Formats whose rows make orders, and those that tell what went back of one. -#}
{%- set ordering = landed_formats('orders') -%}
{%- for landed in landed_formats('order_lines') if 'orders' not in landed.entities -%}
{%- do ordering.append(landed) -%}
{%- endfor %}
-- The imports serve a build of a part; a build of everything leaves the scope empty.
-- noqa: disable=ST03
with files as (

    select * from {{ ref('stg_raw__ingested_files') }} where status = 'loaded'

),

versions as (

    select * from {{ ref('int_file_versions') }}

),

builds as (

    select * from {{ ref('stg_audit__builds') }}

),

{% if not execute -%}
{% for landed in ordering + landed_formats('refunds') %}{% do ref(landed.staging) %}{% endfor -%}
{% endif -%}
{% if builds_a_part() -%}
new_files as (

    select f.file_id
    from files as f
    cross join builds as b
    where f.batch_id > coalesce(b.batch_id, -1)

),

{% for landed in ordering -%}
new_{{ landed.format }} as (

    select r.source_order_id, r.file_id, r.row_hash
    from {{ ref(landed.staging) }} as r
    inner join new_files as n on r.file_id = n.file_id
    where r.source_order_id is not null

),

old_{{ landed.format }} as (

    select r.source_order_id, r.file_id, r.row_hash
    from {{ ref(landed.staging) }} as r
    left join new_files as n on r.file_id = n.file_id
    where n.file_id is null and r.source_order_id in (select o.source_order_id from new_{{ landed.format }} as o)

),

{% endfor -%}
new_rows as (

    {% for landed in ordering -%}
    select '{{ landed.format }}' as format, source_order_id, file_id, row_hash from new_{{ landed.format }}
    {{ "union all" if not loop.last }}
    {% endfor %}
),

old_rows as (

    {% for landed in ordering -%}
    select '{{ landed.format }}' as format, source_order_id, file_id, row_hash from old_{{ landed.format }}
    {{ "union all" if not loop.last }}
    {% endfor %}
),

-- What the newest of the earlier exports said of the order.
newest_old as (

    select r.format, r.source_order_id, max(v.file_version) as file_version
    from old_rows as r
    inner join versions as v on r.file_id = v.file_id
    group by r.format, r.source_order_id

),

said_before as (

    select r.format, r.source_order_id, r.row_hash, count(*) as rows
    from old_rows as r
    inner join versions as v on r.file_id = v.file_id
    inner join newest_old as n
        on r.format = n.format and r.source_order_id = n.source_order_id and v.file_version = n.file_version
    group by r.format, r.source_order_id, r.row_hash

),

said_now as (

    select format, source_order_id, row_hash, file_id, count(*) as rows
    from new_rows
    group by format, source_order_id, row_hash, file_id

),

rows_before as (

    select format, source_order_id, sum(rows) as rows
    from said_before
    group by format, source_order_id

),

-- An export that repeats what is known moves an order to another file and nothing else.
compared as (

    select
        n.source_order_id,
        case
            when
                count(distinct n.file_id) = 1
                and max(case when b.row_hash is null then 1 else 0 end) = 0
                and sum(n.rows) = max(t.rows)
                then 0
            else 1
        end as is_changed
    from said_now as n
    left join said_before as b
        on n.format = b.format and n.source_order_id = b.source_order_id and n.row_hash = b.row_hash
    left join rows_before as t on n.format = t.format and n.source_order_id = t.source_order_id
    group by n.format, n.source_order_id

),

refunded as (

    {% for landed in landed_formats('refunds') -%}
    select r.source_order_id
    from {{ ref(landed.staging) }} as r
    inner join new_files as n on r.file_id = n.file_id
    where r.source_order_id is not null
    {{ "union all" if not loop.last }}
    {% endfor %}
),

touched as (

    select source_order_id, is_changed from compared
    union all
    select source_order_id, 1 as is_changed from refunded

),

final as (

    select source_order_id, max(is_changed) = 1 as is_changed
    from touched
    group by source_order_id

)
{%- else %}
final as (

    select
        cast(null as {{ dbt.type_string() }}) as source_order_id,
        cast(null as boolean) as is_changed
    from builds
    where 1 = 0

)
{%- endif %}

select * from final
