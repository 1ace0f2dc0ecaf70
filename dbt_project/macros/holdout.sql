{#-
  Who is held back for comparison. The customer and a salt decide, nothing else: the same customer of the same campaign or
  audience falls on the same side on every night and every machine, no list has to be kept, and another salt draws anew.
  Campaigns and audiences use this one rule, so that who was held back can be told from the numbers alone.
-#}

{#- True for the `share` (0 to 1) of customers who are held back. All three are SQL: a column, or a literal in quotes. A
    customer whose number lies below the share does so below every greater share, too: raising it keeps who was held back. -#}
{% macro assigned_to_holdout(customer_id, salt, share) %}
({{ hash_share(customer_id, salt) }} < {{ share }})
{% endmacro %}

{#- A number from 0 to below 1 that looks drawn by chance: the first 32 bits of the hash of salt and id. -#}
{% macro hash_share(id, salt) %}{{ return(adapter.dispatch('hash_share')(id, salt)) }}{% endmacro %}

{% macro default__hash_share(id, salt) %}
(cast('0x' || substring(md5({{ salt }} || '|' || {{ id }}), 1, 8) as bigint) / 4294967296.0)
{% endmacro %}

{% macro spark__hash_share(id, salt) %}
(cast(conv(substring(md5(concat({{ salt }}, '|', {{ id }})), 1, 8), 16, 10) as bigint) / cast(4294967296 as double))
{% endmacro %}
