{#-
  Bound of the Wilson score interval of a share, at the confidence of var confidence_z (1.96: 95 %). Unlike the usual
  plus and minus it stays within 0 and 1 and holds for few customers and for shares near 0 (Wilson 1927).
-#}
{% macro wilson_bound(successes, trials, side) %}
{%- set z = var('confidence_z') -%}
(
    (
        cast({{ successes }} as double) / {{ trials }} + {{ z * z / 2 }} / {{ trials }}
        {{ '-' if side == 'low' else '+' }} {{ z }} * sqrt(
            (
                cast({{ successes }} as double) / {{ trials }} * (1 - cast({{ successes }} as double) / {{ trials }})
                + {{ z * z / 4 }} / {{ trials }}
            ) / {{ trials }}
        )
    ) / (1 + {{ z * z }} / {{ trials }})
)
{% endmacro %}
