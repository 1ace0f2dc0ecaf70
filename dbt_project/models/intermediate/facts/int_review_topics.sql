{%- set aspects = compiled_patterns('review_aspects', 'aspect', 'aspect') -%}
with texts as (

    select
        text_hash,
        min(review_text) as review_text
    from {{ ref('int_review_texts') }}
    group by text_hash

),

final as (

    select
        text_hash,
        nullif(
            concat_ws(
                ', '
                {%- for aspect in aspects %},
                case when {{ text_matches('review_text', aspect.pattern) }} then '{{ aspect.code }}' end
                {%- endfor %}
            ),
            ''
        ) as topics
    from texts

)

select * from final
