{{ config(materialized='view') }}
with reviews as (

    select * from {{ ref('int_reviews') }}

),

written as (

    {% for landed in landed_formats('reviews') -%}
    select
        '{{ landed.format }}' as format,
        r.file_id,
        r.row_number,
        nullif(lower(trim(r.review_text)), '') as review_text
    from {{ ref(landed.staging) }} as r
    {{ "union all" if not loop.last }}
    {% endfor %}
),

-- Platforms write a sentence of their own where the buyer wrote nothing.
own_words as (

    select
        w.format,
        w.file_id,
        w.row_number,
        w.review_text
    from written as w
    where w.review_text is not null and not {{ text_matches('w.review_text', "'" ~ var('review_without_words') ~ "'") }}

),

final as (

    select
        r.format,
        r.file_id,
        r.row_number,
        r.source,
        r.record_id,
        r.source_order_id,
        r.source_product_id,
        r.rating,
        r.reviewed_at,
        w.review_text,
        md5(w.review_text) as text_hash
    from reviews as r
    inner join own_words as w on r.format = w.format and r.file_id = w.file_id and r.row_number = w.row_number

)

select * from final
