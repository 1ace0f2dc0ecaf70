{{ config(meta={'dagster': {'ref': {'name': 'tag_definitions'}}}) }}

-- A profile of fewer tags, or of one kind only, does not describe a customer.
select
    count(*) as tags,
    count(distinct tag_group) as tag_groups
from {{ ref('tag_definitions') }}
having count(*) < 60 or count(distinct tag_group) < 8
