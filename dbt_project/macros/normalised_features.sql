{#
  What a customer is compared by, on a logarithmic scale: the one place of these features. The fit of the clusters renders
  them with plain Jinja and dbt calls the same macros, so nothing here may use what only dbt has.

  Each is an expression over purchase_days, net_amount, recency_days and category_count of a customer. Twice as much is one
  step, whether of ten or of a thousand: money and counts are spread like that.
#}

{%- macro normalised_feature_names() -%}
purchase_amount,purchase_days,recency_days,category_count
{%- endmacro -%}

{%- macro log_feature(name) -%}
{%- if name == 'purchase_amount' -%}
ln(1 + greatest(0, cast(net_amount as double) / purchase_days))
{%- elif name == 'purchase_days' -%}
ln(cast(purchase_days as double))
{%- else -%}
ln(1 + cast({{ name }} as double))
{%- endif -%}
{%- endmacro -%}
