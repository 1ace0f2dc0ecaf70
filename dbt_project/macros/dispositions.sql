{#-
  The dispositions of definitions: each macro returns (file_id, row_number, disposition, reason) for rows of `rows`
  that do not stay. A model combines them; a row that none of them returns is kept.
-#}

{#- Rows that cannot become a record: a value that must parse did not, or one that every record has is empty. -#}
{% macro unusable_rows(rows, needed_columns) %}
    select
        file_id,
        row_number,
        case when is_unreadable then 'unreadable' else 'missing_key' end as disposition,
        case
            when is_unreadable then issues
            else
                'no value in '
                || concat_ws(
                    ', '{% for column in needed_columns %},
                    case when {{ column }} is null then '{{ column }}' end{% endfor %}

                )
        end as reason
    from {{ rows }}
    where is_unreadable{% for column in needed_columns %} or {{ column }} is null{% endfor %}
{% endmacro %}

{#- The other rows, with the version of their file: of two files the one exported later has the higher. -#}
{% macro usable(rows, needed_columns) %}
    select r.*, v.file_version
    from {{ rows }} as r
    inner join {{ ref('int_file_versions') }} as v on r.file_id = v.file_id
    where not r.is_unreadable{% for column in needed_columns %} and r.{{ column }} is not null{% endfor %}
{% endmacro %}

{#- One record per key: the newest row stays. Only keys that stand more than once are ranked, because a window
    over all rows costs more than everything else here. -#}
{% macro repeated_records(rows, key_columns) %}
    select
        file_id,
        row_number,
        case
            when row_hash = newest_row_hash and file_version = newest_file_version then 'exact_duplicate'
            when row_hash = newest_row_hash then 'file_overlap'
            else 'superseded'
        end as disposition,
        case
            when row_hash = newest_row_hash and file_version = newest_file_version then 'the same row stands again in this file'
            when row_hash = newest_row_hash then 'the same row stands in a newer file'
            else 'a newer export of this record exists'
        end as reason
    from (
        select
            r.file_id,
            r.row_number,
            r.row_hash,
            r.file_version,
            row_number() over (
                partition by {% for column in key_columns %}r.{{ column }}, {% endfor %}1
                order by r.file_version desc, r.row_number desc
            ) as newest_rank,
            first_value(r.row_hash) over (
                partition by {% for column in key_columns %}r.{{ column }}, {% endfor %}1
                order by r.file_version desc, r.row_number desc
            ) as newest_row_hash,
            max(r.file_version) over (
                partition by {% for column in key_columns %}r.{{ column }}, {% endfor %}1
            ) as newest_file_version
        from {{ rows }} as r
        inner join (
            select {{ key_columns | join(", ") }}
            from {{ rows }}
            group by {{ key_columns | join(", ") }}
            having count(*) > 1
        ) as repeated
            on {% for column in key_columns %}{{ "and " if not loop.first }}r.{{ column }} = repeated.{{ column }} {% endfor %}

    ) as ranked
    where newest_rank > 1
{% endmacro %}

{#- The example row that a template of the warehouse comes with, left in the file. -#}
{% macro example_rows(rows, id_columns) %}
    select
        file_id,
        row_number,
        'test' as disposition,
        'the example row of the template' as reason
    from {{ rows }}
    where {% for column in id_columns %}{{ "or " if not loop.first }}{{ column }} like 'EXAMPLE%' {% endfor %}

{% endmacro %}

{#- The whole model of a format whose records have a key: what is unusable, and all but the newest row of each key. -#}
{% macro keyed_record_dispositions(format) %}
{%- set landed = landed_format(format) %}
{%- set needed_columns = landed.key + (landed.needed or []) %}
with rows_read as (

    select * from {{ ref(landed.staging) }}

),

unusable as (
{{ unusable_rows('rows_read', needed_columns) }}
),

usable_rows as (
{{ usable('rows_read', needed_columns) }}
),

repeated as (
{{ repeated_records('usable_rows', landed.key) }}
),
{%- if landed.example_ids %}

examples as (
{{ example_rows('usable_rows', landed.example_ids) }}
),

examples_only as (
{{ first_disposition('examples', ['repeated']) }}
),
{%- endif %}

final as (

    select * from unusable
    union all
    select * from repeated
    {%- if landed.example_ids %}
    union all
    select * from examples_only
    {%- endif %}

)

select
    '{{ format }}' as format,
    file_id,
    row_number,
    disposition,
    reason
from final
{% endmacro %}

{#-
  Documents whose lines carry no number of their own (an invoice, a basket). When a document stands in several files
  and shares an article with a newer file, the newer file's lines replace it as a whole; a basket that was merely cut
  in two by the export shares none and keeps both halves.
-#}
{% macro overlapping_documents(rows, item_column) %}
{%- set replaced %}
        -- one row per document and older file
        select
            o.source,
            o.source_order_id,
            o.file_version,
            max(n.file_version) as newest_file_version
        from ({{ _document_items(rows, item_column) }}) as o
        inner join ({{ _document_items(rows, item_column) }}) as n
            on
                o.source = n.source
                and o.source_order_id = n.source_order_id
                and o.item = n.item
                and o.file_version < n.file_version
        group by o.source, o.source_order_id, o.file_version
{%- endset %}
{{ _rows_of_replaced_documents(rows, replaced) }}
{% endmacro %}

{#-
  Documents whose rows carry both the order and its lines (JD, Shopify). The platform exports whole orders, so the newest
  file that holds an order replaces it as a whole, whatever articles it lists; within one file, two exports pasted
  together state the order twice, and the later statement holds. `order_state` tells the statements apart.
-#}
{% macro headed_document_dispositions(format, has_memo=false) %}
{%- set landed = landed_format(format) %}
{%- set statements %}
rules as (

    select * from {{ ref('int_source_rules') }}

),

{{ read_often('usable_rows', usable(ref(landed.staging), ['source_order_id'])) }},

restated as (
{{ restated_documents('usable_rows') }}
),

duplicates as (
{{ duplicate_lines('usable_rows', 'rules') }}
),

duplicates_only as (
{{ first_disposition('duplicates', ['restated']) }}
)
{%- endset %}
{%- set stated_once %}
    select r.*
    from usable_rows as r
    left join restated as s on r.file_id = s.file_id and r.row_number = s.row_number
    left join duplicates_only as d on r.file_id = d.file_id and r.row_number = d.row_number
    where s.file_id is null and d.file_id is null
{%- endset %}
with rows_read as (

    select * from {{ ref(landed.staging) }}

),

unusable as (
{{ unusable_rows('rows_read', ['source_order_id']) }}
),

{{ statements }},

{{ read_often('stated_once', stated_once, statements) }},

replaced as (
{{ replaced_documents('stated_once') }}
),
{%- if has_memo %}

brushed_orders as (

    select distinct r.source, r.source_order_id
    from stated_once as r
    left join replaced as n on r.file_id = n.file_id and r.row_number = n.row_number
    where r.is_brushed and n.file_id is null

),

brushed as (

    select
        r.file_id,
        r.row_number,
        'brushed' as disposition,
        'marked as a brushed order in the memo' as reason
    from stated_once as r
    inner join brushed_orders as b on r.source = b.source and r.source_order_id = b.source_order_id

),

brushed_only as (
{{ first_disposition('brushed', ['replaced']) }}
),
{%- endif %}

final as (

    select * from unusable
    union all
    select * from restated
    union all
    select * from duplicates_only
    union all
    select * from replaced
    {%- if has_memo %}
    union all
    select * from brushed_only
    {%- endif %}

)

select
    '{{ format }}' as format,
    file_id,
    row_number,
    disposition,
    reason
from final
{% endmacro %}

{#- Rows of a document that a later part of the same file states anew. -#}
{% macro restated_documents(rows) %}
    select
        file_id,
        row_number,
        'superseded' as disposition,
        'a later part of this file states this order anew' as reason
    from (
        select
            r.file_id,
            r.row_number,
            r.order_state,
            first_value(r.order_state) over (
                partition by r.source, r.source_order_id, r.file_id
                order by case when r.order_state is null then 1 else 0 end, r.row_number desc
            ) as newest_state
        from {{ rows }} as r
        inner join (
            select source, source_order_id, file_id
            from {{ rows }}
            group by source, source_order_id, file_id
            having min(order_state) < max(order_state)
        ) as several
            on
                r.source = several.source
                and r.source_order_id = several.source_order_id
                and r.file_id = several.file_id
    ) as stated
    where order_state <> newest_state
{% endmacro %}

{#- Documents that stand in a newer file: all rows of the older file go. -#}
{% macro replaced_documents(rows) %}
{%- set replaced %}
        -- one row per document and older file
        select
            o.source,
            o.source_order_id,
            o.file_version,
            n.newest_file_version
        from ({{ _document_sizes(rows) }}) as o
        inner join (
            select source, source_order_id, max(file_version) as newest_file_version
            from {{ rows }}
            group by source, source_order_id
        ) as n
            on
                o.source = n.source
                and o.source_order_id = n.source_order_id
                and o.file_version < n.newest_file_version
{%- endset %}
{{ _rows_of_replaced_documents(rows, replaced) }}
{% endmacro %}

{#- All rows of documents that a newer file replaces; `replaced` says which, by document, older file and newest. -#}
{% macro _rows_of_replaced_documents(rows, replaced) %}
    select
        older.file_id,
        older.row_number,
        case
            when sizes.line_count = newest.line_count and sizes.content = newest.content then 'file_overlap'
            else 'superseded'
        end as disposition,
        case
            when sizes.line_count = newest.line_count and sizes.content = newest.content
                then 'the same document stands in a newer file'
            else 'a newer export of this document exists'
        end as reason
    from {{ rows }} as older
    inner join (
        {{ replaced }}
    ) as replaced
        on
            older.source = replaced.source
            and older.source_order_id = replaced.source_order_id
            and older.file_version = replaced.file_version
    inner join ({{ _document_sizes(rows) }}) as sizes
        on
            replaced.source = sizes.source
            and replaced.source_order_id = sizes.source_order_id
            and replaced.file_version = sizes.file_version
    inner join ({{ _document_sizes(rows) }}) as newest
        on
            replaced.source = newest.source
            and replaced.source_order_id = newest.source_order_id
            and replaced.newest_file_version = newest.file_version
{% endmacro %}

{% macro _documents_in_several_files(rows) %}
    select source, source_order_id
    from {{ rows }}
    group by source, source_order_id
    having min(file_version) < max(file_version)
{% endmacro %}

{% macro _document_items(rows, item_column) %}
    select distinct
        r.source,
        r.source_order_id,
        r.file_version,
        r.{{ item_column }} as item
    from {{ rows }} as r
    inner join ({{ _documents_in_several_files(rows) }}) as several
        on r.source = several.source and r.source_order_id = several.source_order_id
{% endmacro %}

{% macro _document_sizes(rows) %}
    select
        r.source,
        r.source_order_id,
        r.file_version,
        count(*) as line_count,
        sum(cast(r.row_hash as decimal(38, 0))) as content
    from {{ rows }} as r
    inner join ({{ _documents_in_several_files(rows) }}) as several
        on r.source = several.source and r.source_order_id = several.source_order_id
    group by r.source, r.source_order_id, r.file_version
{% endmacro %}

{#- Equal rows inside one document of one file, where the source's duplicate rule removes them. -#}
{% macro duplicate_lines(rows, rules) %}
    select
        file_id,
        row_number,
        'exact_duplicate' as disposition,
        'the same row stands earlier in this document' as reason
    from (
        select
            r.file_id,
            r.row_number,
            row_number() over (
                partition by r.file_id, r.source_order_id, r.row_hash
                order by r.row_number
            ) as occurrence
        from {{ rows }} as r
        inner join (
            select file_id, source_order_id, row_hash
            from {{ rows }}
            group by file_id, source_order_id, row_hash
            having count(*) > 1
        ) as repeated
            on
                r.file_id = repeated.file_id
                and r.source_order_id = repeated.source_order_id
                and r.row_hash = repeated.row_hash
        inner join {{ rules }} as rules
            on r.source = rules.source and rules.duplicate_rule = 'remove'
    ) as ranked
    where occurrence > 1
{% endmacro %}

{#- `found` without what `earlier` found: a row has exactly one disposition, the first that applies. -#}
{% macro first_disposition(found, earlier) %}
    select found.*
    from {{ found }} as found
    {% for cte in earlier %}
    left join {{ cte }} as e{{ loop.index }}
        on found.file_id = e{{ loop.index }}.file_id and found.row_number = e{{ loop.index }}.row_number
    {% endfor %}
    where true{% for cte in earlier %} and e{{ loop.index }}.file_id is null{% endfor %}

{% endmacro %}

{#- The rows of a staging model that stay. -#}
{% macro kept_rows(rows, dispositions, format) %}
    select r.*
    from {{ rows }} as r
    left join {{ dispositions }} as d
        on r.file_id = d.file_id and r.row_number = d.row_number and d.format = '{{ format }}'
    where d.file_id is null
{% endmacro %}
