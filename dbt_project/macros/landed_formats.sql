{#-
  `text_is_public`: none of the export's columns is personal, so the text of a broken row may leave the raw layer.

  The formats that land rows, their staging model, and the columns that make a removed row recognisable again.
  Everything that walks over all formats (dispositions, bridge) takes the list from here.
-#}
{% macro landed_formats() %}
    {{ return([
        {'format': 'complete_journey_transactions', 'text_is_public': true, 'amount': true,
         'columns': ['source_order_id', 'source_customer_id', 'source_product_id', 'quantity', 'amount', 'ordered_at']},
        {'format': 'complete_journey_products', 'text_is_public': true, 'amount': false,
         'columns': ['source_product_id', 'title', 'category', 'brand']},
        {'format': 'complete_journey_demographics', 'amount': false,
         'columns': ['source_customer_id', 'age_band']},
        {'format': 'taobao_orders', 'amount': true,
         'columns': ['source_order_id', 'source_customer_id', 'status_text', 'amount', 'exported_paid_amount',
                     'refund_amount', 'ordered_at', 'paid_at']},
        {'format': 'taobao_order_lines', 'amount': true,
         'columns': ['source_order_id', 'line_id', 'source_product_id', 'quantity', 'unit_price', 'amount']},
        {'format': 'online_retail', 'text_is_public': true, 'amount': true,
         'columns': ['source_order_id', 'source_customer_id', 'source_product_id', 'product_title', 'quantity',
                     'unit_price', 'amount', 'ordered_at']},
        {'format': 'mapped_orders', 'amount': true,
         'columns': ['source', 'source_order_id', 'source_customer_id', 'status', 'amount', 'paid_amount',
                     'refunded_amount', 'ordered_at']},
        {'format': 'mapped_order_lines', 'amount': true,
         'columns': ['source', 'source_order_id', 'line_id', 'source_product_id', 'quantity', 'unit_price', 'amount',
                     'ordered_at']},
        {'format': 'mapped_customers', 'amount': false,
         'columns': ['source', 'source_customer_id', 'gender', 'birth_date', 'registered_at']},
        {'format': 'mapped_products', 'amount': false,
         'columns': ['source', 'source_product_id', 'title', 'category', 'list_price', 'unit_cost']},
    ]) }}
{% endmacro %}

{#- The staging model of a format: stg_<source>__<rest>. -#}
{% macro staging_of(format) %}
    {%- set models = {
        'complete_journey_transactions': 'stg_complete_journey__transactions',
        'complete_journey_products': 'stg_complete_journey__products',
        'complete_journey_demographics': 'stg_complete_journey__demographics',
        'taobao_orders': 'stg_taobao__orders',
        'taobao_order_lines': 'stg_taobao__order_lines',
        'online_retail': 'stg_online_retail__lines',
        'mapped_orders': 'stg_mapped__orders',
        'mapped_order_lines': 'stg_mapped__order_lines',
        'mapped_customers': 'stg_mapped__customers',
        'mapped_products': 'stg_mapped__products',
    } -%}
    {{ return(models[format]) }}
{% endmacro %}
