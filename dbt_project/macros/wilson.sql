{#-
  Bound of the Wilson score interval of a share, at the confidence of var confidence_z (1.96: 95 %). Unlike the usual
  plus and minus it stays within 0 and 1 and holds for few customers and for shares near 0 (Wilson 1927). Where a share is
  0 or 1 a bound is the share itself, but for rounding in the last digit. The numbers are written as doubles, which not every
  engine takes a plain 3.84 for.
-#}
{% macro wilson_bound(successes, trials, side) %}
{%- set z = var('confidence_z') -%}
{{ 'least' if side == 'low' else 'greatest' }}(
    cast({{ successes }} as double) / {{ trials }},
    (
        cast({{ successes }} as double) / {{ trials }} + {{ z * z / 2 }}e0 / {{ trials }}
        {{ '-' if side == 'low' else '+' }} {{ z }}e0 * sqrt(
            (
                cast({{ successes }} as double) / {{ trials }} * (1 - cast({{ successes }} as double) / {{ trials }})
                + {{ z * z / 4 }}e0 / {{ trials }}
            ) / {{ trials }}
        )
    ) / (1 + {{ z * z }}e0 / {{ trials }})
)
{% endmacro %}
