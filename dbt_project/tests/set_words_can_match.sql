{{ config(meta={'dagster': {'ref': {'name': 'set_words'}}}) }}

-- Titles are compared in small letters, `any` is the row of all kinds, and a kind with two Chinese names would be two rows.
with words as (

    select * from {{ ref('set_words') }}

),

kinds as (

    select set_kind, count(distinct set_kind_zh) as names
    from words
    group by set_kind

)

select w.set_kind, w.set_word
from words as w
inner join kinds as k on w.set_kind = k.set_kind
where w.set_word <> trim(lower(w.set_word)) or w.set_word = '' or w.set_kind = 'any' or k.names > 1
